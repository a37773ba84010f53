import { quoteTable } from './policies.ts'
import { quoteBody, quoteName, quoteText, shorten } from './quote.ts'
import type { ResolvedTable, ResolvedTopic, TableName } from './resolveOptions.ts'

/** A client that is told more keys than it can use asks for everything all the same. */
const MAX_KEYS = 100

const triggerNames = ['row', 'insert', 'update', 'delete', 'truncate'].map((name) => `realtime_coalescer_${name}`)

/** The triggers of a table and the function they call, in place of those of earlier runs. */
export function writeTriggers(table: ResolvedTable, send: 'rows' | 'statements'): string {
  const target = quoteTable(table)
  const call = `for each statement execute function ${functionOf(table)}();`
  const tells = table.topic.column === undefined
  const triggers = [
    ...(send === 'rows'
      ? [
          `create trigger realtime_coalescer_row after insert or update or delete on ${target} for each row execute function ${functionOf(table)}();`,
        ]
      : [
          `create trigger realtime_coalescer_insert after insert on ${target} referencing new table as after_rows ${call}`,
          `create trigger realtime_coalescer_update after update on ${target} referencing old table as before_rows new table as after_rows ${call}`,
          `create trigger realtime_coalescer_delete after delete on ${target} referencing old table as before_rows ${call}`,
        ]),
    ...(tells ? [`create trigger realtime_coalescer_truncate after truncate on ${target} ${call}`] : []),
  ]
  return [
    `create or replace function ${functionOf(table)}() returns trigger`,
    `  language plpgsql security definer set search_path = ''`,
    `  as ${quoteBody(send === 'rows' ? writeRowBody(table.topic) : writeStatementBody(table))};`,
    '',
    ...triggerNames.map((name) => `drop trigger if exists ${name} on ${target};`),
    ...triggers,
  ].join('\n')
}

function functionOf({ schema, name }: TableName): string {
  const isPlain = schema === 'public' && !name.includes('.')
  return `realtime_coalescer.${quoteName(shorten(isPlain ? name : `${schema}.${name}`))}`
}

const topicOf = ({ prefix, column }: ResolvedTopic, row: string): string =>
  column === undefined ? quoteText(prefix) : `${quoteText(prefix)} || ${row}.${quoteName(column)}::text`

const broadcast = (topic: string, operation: string, after = 'new', before = 'old'): string =>
  `perform realtime.broadcast_changes(${topic}, ${operation}, ${operation}, tg_table_name, tg_table_schema, ${after}, ${before});`

const sendTruncate = (topic: ResolvedTopic): string[] => [
  "  if tg_op = 'TRUNCATE' then",
  "    perform realtime.send(jsonb_build_object('schema', tg_table_schema, 'table', tg_table_name, 'operation', tg_op), tg_op, " +
    `${quoteText(topic.prefix)}, true);`,
  '    return null;',
  '  end if;',
]

function writeRowBody(topic: ResolvedTopic): string {
  if (topic.column === undefined) {
    return [
      'begin',
      ...sendTruncate(topic),
      `  ${broadcast(quoteText(topic.prefix), 'tg_op')}`,
      '  return null;',
      'end',
    ].join('\n')
  }
  return [
    'declare',
    '  topic_before text;',
    '  topic_after text;',
    '  no_row record := null;',
    'begin',
    `  if tg_op <> 'INSERT' then topic_before := ${topicOf(topic, 'old')}; end if;`,
    `  if tg_op <> 'DELETE' then topic_after := ${topicOf(topic, 'new')}; end if;`,
    "  if tg_op = 'UPDATE' and topic_before is distinct from topic_after then",
    '    -- For those it leaves the row is gone, and they see nothing of what it has become.',
    '    if topic_before is not null then',
    `      ${broadcast('topic_before', "'DELETE'", 'no_row')}`,
    '    end if;',
    '    if topic_after is not null then',
    `      ${broadcast('topic_after', "'INSERT'", 'new', 'no_row')}`,
    '    end if;',
    '  elsif coalesce(topic_after, topic_before) is not null then',
    `    ${broadcast('coalesce(topic_after, topic_before)', 'tg_op')}`,
    '  end if;',
    '  return null;',
    'end',
  ].join('\n')
}

function writeStatementBody(table: ResolvedTable): string {
  const key = `jsonb_build_object(${table.primaryKey.map((column) => `${quoteText(column)}, changed.${quoteName(column)}`).join(', ')})`
  const from = (rows: string, isAfter: boolean): string =>
    `select ${topicOf(table.topic, 'changed')} as topic, ${key} as key, ${isAfter} as is_after from ${rows} as changed`
  const tell = (source: string): string[] => [
    '    for told in',
    '      select changes.topic as topic,',
    '        greatest(count(*) filter (where changes.is_after), count(*) filter (where not changes.is_after)) as count,',
    `        case when count(distinct changes.key) <= ${MAX_KEYS} then jsonb_agg(distinct changes.key) end as keys`,
    `      from (${source}) as changes`,
    '      where changes.topic is not null',
    '      group by changes.topic',
    '    loop',
    '      perform realtime.send(',
    "        jsonb_build_object('schema', tg_table_schema, 'table', tg_table_name, 'operation', tg_op, 'rows', told.count)",
    "          || case when told.keys is null then '{}'::jsonb else jsonb_build_object('keys', told.keys) end,",
    '        tg_op, told.topic, true);',
    '    end loop;',
  ]
  return [
    'declare',
    '  told record;',
    'begin',
    ...(table.topic.column === undefined ? sendTruncate(table.topic) : []),
    "  if tg_op = 'INSERT' then",
    ...tell(from('after_rows', true)),
    "  elsif tg_op = 'UPDATE' then",
    ...tell(`${from('before_rows', false)} union all ${from('after_rows', true)}`),
    "  elsif tg_op = 'DELETE' then",
    ...tell(from('before_rows', false)),
    '  end if;',
    '  return null;',
    'end',
  ].join('\n')
}
