import { isRecord } from './frames.ts'

/** What the payload of a `phx_join` asks for. */
export interface JoinConfig {
  accessToken: string | undefined
  isPrivate: boolean
  echoesBroadcasts: boolean
  acknowledgesBroadcasts: boolean
  presenceKey: string
  isPresenceEnabled: boolean
  /** The binding objects as they came: the reply repeats them. */
  requestedBindings: Record<string, unknown>[]
  /** The reply waits until the feed is attached. */
  waitsForFeed: boolean
}

export function readJoinConfig(payload: unknown): JoinConfig {
  const { config, access_token } = isRecord(payload) ? payload : {}
  const settings = isRecord(config) ? config : {}
  const { broadcast, presence, postgres_changes, postgres_changes_options: options } = settings
  return {
    accessToken: typeof access_token === 'string' ? access_token : undefined,
    isPrivate: settings['private'] === true,
    echoesBroadcasts: isRecord(broadcast) && broadcast['self'] === true,
    acknowledgesBroadcasts: isRecord(broadcast) && broadcast['ack'] === true,
    presenceKey: isRecord(presence) && typeof presence['key'] === 'string' ? presence['key'] : '',
    isPresenceEnabled: isRecord(presence) && presence['enabled'] === true,
    requestedBindings: Array.isArray(postgres_changes) ? postgres_changes.filter(isRecord) : [],
    waitsForFeed: isRecord(options) && options['wait'] === true,
  }
}
