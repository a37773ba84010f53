import { quoteName, quoteText, shorten } from './quote.ts'
import type { ResolvedTable, ResolvedTopic, TableName } from './resolveOptions.ts'

export const quoteTable = ({ schema, name }: TableName): string => `${quoteName(schema)}.${quoteName(name)}`

/** Lets those listen to the topics who may: a policy for each topic, which takes the place of an earlier one. */
export function writePolicies(tables: readonly ResolvedTable[]): string {
  const conditions = new Map<string, Set<string>>()
  for (const { topic } of tables) {
    const name = nameOf(topic)
    conditions.set(name, (conditions.get(name) ?? new Set()).add(conditionOf(topic)))
  }
  return [...conditions]
    .map(([name, anyOf]) =>
      [
        `drop policy if exists ${quoteName(name)} on realtime.messages;`,
        `create policy ${quoteName(name)} on realtime.messages for select to authenticated`,
        `  using (realtime.messages.extension = 'broadcast' and (${[...anyOf].join(' or ')}));`,
      ].join('\n'),
    )
    .join('\n\n')
}

const nameOf = ({ prefix, column }: ResolvedTopic): string =>
  shorten(`${column === undefined ? 'all' : 'some'} receive ${prefix}`)

function conditionOf({ prefix, column, members }: ResolvedTopic): string {
  const topic = '(select realtime.topic())'
  if (column === undefined) return `${topic} = ${quoteText(prefix)}`
  if (!members) return `${topic} = ${quoteText(prefix)} || (select auth.uid())::text`
  const { table, column: of, user } = members
  return [
    'exists (',
    `    select 1 from ${quoteTable(table)} as member`,
    `    where member.${quoteName(user)} = (select auth.uid())`,
    `      and ${topic} = ${quoteText(prefix)} || member.${quoteName(of)}::text`,
    '  )',
  ].join('\n')
}
