import { type Warn, warnOfUnknown } from '../../actions/report.ts'
import type { BroadcastOptions, HandlerOfTable, KeysOfTable, RealtimeServiceOptions } from './options.ts'

/** Every option; the type has it complete. */
const serviceNames: Record<keyof RealtimeServiceOptions, true> = {
  supabase: true,
  coalescer: true,
  channel: true,
  channelConfig: true,
  schema: true,
  tables: true,
  broadcast: true,
  replay: true,
  messages: true,
  firstCatchUp: true,
  backstopMs: true,
  shareAcrossTabs: true,
}

const tableNames: Record<keyof KeysOfTable | keyof HandlerOfTable, true> = {
  keys: true,
  handle: true,
  catchUp: true,
  filter: true,
  select: true,
  broadcast: true,
  primaryKey: true,
  keyOnlyDeletes: true,
  needs: true,
  concerns: true,
  unfilteredDeletes: true,
  unfilteredUpdates: true,
}

const broadcastNames: Record<keyof BroadcastOptions, true> = { topic: true, event: true, private: true, replay: true }

/** Warns of options of a service, its tables and topics that there are none of. The options have been checked. */
export function warnOfServiceOptions(options: object, warn: Warn): void {
  const { tables, broadcast } = options as RealtimeServiceOptions
  warnOfUnknown('options of createRealtimeService()', options, serviceNames, warn)
  warnOfUnknown('options of `broadcast`', broadcast, broadcastNames, warn)
  for (const [name, table] of Object.entries(tables)) {
    warnOfUnknown(`options of \`tables.${name}\``, table, tableNames, warn)
    warnOfUnknown(`options of \`tables.${name}.broadcast\``, table?.broadcast, broadcastNames, warn)
  }
}
