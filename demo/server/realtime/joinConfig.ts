import { isRecord } from './frames.ts'

/** What the payload of a `phx_join` asks for. */
export interface JoinConfig {
  accessToken: string | undefined
  isPrivate: boolean
  echoesBroadcasts: boolean
  acknowledgesBroadcasts: boolean
  /** A `system` message tells when messages of the database are heard. */
  wantsReplicationReady: boolean
  /** Stored messages to send again; undefined when the join does not name any. */
  replay: { requested: unknown } | undefined
  presenceKey: string
  isPresenceEnabled: boolean
  /** The binding objects as they came: the reply repeats them. */
  requestedBindings: Record<string, unknown>[]
  /** The topic itself says what to listen to, and changes arrive under their type. */
  isOldApi: boolean
}

export function readJoinConfig(topic: string, payload: unknown): JoinConfig {
  const { config, access_token } = isRecord(payload) ? payload : {}
  const isOldApi = !isRecord(payload) || !('config' in payload)
  const settings = isRecord(config) ? config : {}
  const { presence, postgres_changes } = settings
  const broadcast = isRecord(settings['broadcast']) ? settings['broadcast'] : {}
  const bindings = Array.isArray(postgres_changes) ? postgres_changes.filter(isRecord) : []
  return {
    accessToken: typeof access_token === 'string' ? access_token : undefined,
    isPrivate: settings['private'] === true,
    echoesBroadcasts: broadcast['self'] === true,
    acknowledgesBroadcasts: broadcast['ack'] === true,
    wantsReplicationReady: broadcast['replication_ready'] === true,
    replay: 'replay' in broadcast ? { requested: broadcast['replay'] } : undefined,
    presenceKey: isRecord(presence) && typeof presence['key'] === 'string' ? presence['key'] : '',
    isPresenceEnabled: isRecord(presence) && presence['enabled'] === true,
    requestedBindings: isOldApi ? [bindingOfTopic(topic)] : bindings,
    isOldApi,
  }
}

/** `realtime:schema:table:filter`, as clients of the first version name what they listen to. */
function bindingOfTopic(topic: string): Record<string, unknown> {
  const [, schema, table, ...filter] = topic.split(':')
  return {
    schema,
    ...(table === undefined ? {} : { table }),
    ...(filter.length === 0 ? {} : { filter: filter.join(':') }),
  }
}
