import type { Channel, ChannelState } from './channel.ts'
import { type CorruptStatus, type FaultCounters, type FaultSettings, checkSettings } from './faults.ts'
import type { Vsn } from './frames.ts'
import type { RealtimeServer } from './server.ts'

/** One open socket and its channels. */
export interface ConnectionInfo {
  id: number
  vsn: Vsn
  bufferedBytes: number
  channels: { topic: string; joinRef: string | null; state: ChannelState; bindings: number }[]
}

/** Faults of the realtime server. `topic` is a channel's name, with or without `realtime:`; without it, all channels. */
export interface RealtimeFaults {
  /** The settings in force. */
  readonly settings: Readonly<FaultSettings>
  /** What is left of the faults that count. */
  readonly counters: Readonly<FaultCounters>
  /** Changes some settings; the others stay. */
  set(settings: Partial<FaultSettings>): void
  /** Makes everything healthy again. */
  reset(): void
  /** Answers the next joins with an error. */
  failJoins(times: number, reason?: string): void
  /** Loses the next row changes. */
  loseNext(changes: number): void
  /** Sends the frames of the next row changes twice. */
  duplicateNext(changes: number): void
  /** Sends the next row changes to another binding of their channel. */
  misrouteNext(changes: number): void
  /** Sends the next row changes with `errors`, and without what that error leaves out. */
  corruptNext(changes: number, status: CorruptStatus): void
  /** Loses the next messages of the database. */
  loseMessagesNext(messages: number): void
  /** Stops the worker behind the feed: joined channels get no change any more, and no frame says so. */
  stopWorker(): void
  /** Drops all sockets without a close frame. */
  terminateSockets(): void
  /** Closes all sockets. */
  closeSockets(code?: number, reason?: string): void
  /** Announces a deployment: `system` "Server requested disconnect", then closes all sockets with 1012. */
  restart(): void
  /** Crashes channels: `phx_error`. */
  crashChannels(topic?: string): void
  /** Closes channels: `phx_close`. */
  closeChannels(topic?: string): void
  /** Treats the tokens of channels as expired: `system` error, then `phx_close`. */
  expireTokens(topic?: string): void
  /** Closes channels for too many messages: `system` error, then `phx_close`. */
  exceedRateLimit(topic?: string): void
  /** Sends the `system` ok of live channels once more. */
  repeatSystemOk(topic?: string): void
  /** Sends a `system` frame and nothing else. */
  sendSystem(extension: string, status: 'ok' | 'error', message: string, topic?: string): void
  /** Sends text as it is to all sockets, for frames no server would send. */
  sendRaw(text: string): void
}

export function createFaults(server: RealtimeServer): RealtimeFaults {
  const { faultState } = server
  const channels = (topic?: string): Channel[] => {
    const name = topic === undefined || topic.startsWith('realtime:') ? topic : `realtime:${topic}`
    return server.sessions.flatMap((session) =>
      session.channels.filter((it) => name === undefined || it.topic === name),
    )
  }
  const count = (counter: keyof FaultCounters, times: number) => {
    if (!Number.isInteger(times) || times < 0) throw new RangeError(`Expected a count of 0 or more, got \`${times}\`.`)
    faultState.counters[counter] = times
  }
  return {
    get settings() {
      return { ...faultState.settings }
    },
    get counters() {
      return { ...faultState.counters }
    },
    set(settings) {
      checkSettings({ ...settings })
      Object.assign(faultState.settings, settings)
      server.resumePolls()
    },
    reset() {
      faultState.reset()
      server.resumePolls()
    },
    failJoins(times, reason = 'InitializingProjectConnection: Connecting to the project database') {
      count('joinErrorsNext', times)
      faultState.joinErrorReason = reason
    },
    loseMessagesNext: (messages) => count('loseMessagesNext', messages),
    stopWorker: () => server.stopWorker(),
    loseNext: (changes) => count('loseNext', changes),
    duplicateNext: (changes) => count('duplicateNext', changes),
    misrouteNext: (changes) => count('misrouteNext', changes),
    corruptNext(changes, status) {
      if (![400, 401, 413].includes(status)) throw new RangeError(`Expected 400, 401 or 413, got \`${status}\`.`)
      count('corruptNext', changes)
      faultState.corruptStatus = status
    },
    terminateSockets: () => server.terminateAll(),
    closeSockets(code = 1001, reason = '') {
      for (const session of server.sessions) session.close(code, reason)
    },
    restart() {
      for (const channel of channels()) channel.announceDisconnect()
      for (const session of server.sessions) session.close(1012, '')
    },
    crashChannels(topic) {
      for (const channel of channels(topic)) channel.close('phx_error')
    },
    closeChannels(topic) {
      for (const channel of channels(topic)) channel.close()
    },
    expireTokens(topic) {
      for (const channel of channels(topic)) channel.expireToken()
    },
    exceedRateLimit(topic) {
      for (const channel of channels(topic)) channel.closeWithError('Too many messages per second')
    },
    repeatSystemOk(topic) {
      for (const channel of channels(topic)) if (channel.state === 'live') channel.sendSystemOk()
    },
    sendSystem(extension, status, message, topic) {
      for (const channel of channels(topic)) channel.sendSystem(extension, status, message)
    },
    sendRaw(text) {
      for (const session of server.sessions) session.send(text)
    },
  }
}

export function describeConnections(server: RealtimeServer): ConnectionInfo[] {
  return server.sessions.map(({ id, vsn, bufferedBytes, channels }) => ({
    id,
    vsn,
    bufferedBytes,
    channels: channels.map(({ topic, joinRef, state, feed }) => ({
      topic,
      joinRef,
      state,
      bindings: feed.requestedBindings.length,
    })),
  }))
}
