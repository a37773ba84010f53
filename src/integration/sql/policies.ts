import { quoteName, quoteText, shorten } from './quote.ts'
import type { ResolvedTable, ResolvedTopic, TableName } from './resolveOptions.ts'

export const quoteTable = ({ schema, name }: TableName): string => `${quoteName(schema)}.${quoteName(name)}`

/** Lets those listen to the topics who may. */
export function writePolicies(tables: readonly ResolvedTable[]): string {
  const policies = new Map(tables.map(({ topic }) => [nameOf(topic), conditionOf(topic)]))
  return [...policies]
    .map(([name, condition]) =>
      [
        `drop policy if exists ${quoteName(name)} on realtime.messages;`,
        `create policy ${quoteName(name)} on realtime.messages for select to authenticated`,
        `  using (realtime.messages.extension = 'broadcast' and ${condition});`,
      ].join('\n'),
    )
    .join('\n\n')
}

function nameOf({ prefix, column, members }: ResolvedTopic): string {
  const whose = members ? `members in ${members.table.schema}.${members.table.name}` : 'their user'
  return shorten(column === undefined ? `all receive ${prefix}` : `${whose} receive ${prefix}`)
}

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
