/** Faults that last until they are changed. */
export interface FaultSettings {
  /** `refuse` drops the connection before the upgrade; a number answers the upgrade with that HTTP status. */
  upgrade: 'accept' | 'refuse' | number
  /** No heartbeat is answered. */
  muteHeartbeats: boolean
  /** Time between a join and its reply. */
  joinReplyDelayMs: number
  /** Joins get no reply at all. */
  withholdJoinReply: boolean
  /** What the join reply says of the bindings. */
  joinReplyBindings: 'echo' | 'empty' | 'missing'
  /** Time between the join reply and the `system` ok; changes in between are lost. */
  systemOkDelayMs: number
  /** Time after the `system` ok in which changes are still lost, as on a worker that is cold. */
  slotDelayMs: number
  /** Time between a new token and its `system` ok; meanwhile what the old one may see is told. */
  tokenOkDelayMs: number
  /** Time before a refused join is answered; the whole socket stands still. */
  refusedJoinDelayMs: number
  /** Time before a refused HTTP upgrade is answered. */
  refusedUpgradeDelayMs: number
  /** Time after a join in which messages of the database are lost, as in a project that is cold. */
  replicationDelayMs: number
  /** Every message of the database is lost without a sign. */
  loseMessages: boolean
  /** Every message of the database is sent twice. */
  duplicateMessages: boolean
  /** Joins are answered, but the feed never attaches: no `system` ok, no change. */
  withholdSystemOk: boolean
  /** Time between a commit and its frames; keeps their order. */
  deliveryDelayMs: number
  /** Changes are read once per interval of the clock, so those in between arrive together. 0 reads at once. */
  pollIntervalMs: number
  /** How often the server looks which tables are published; 0 before every change. */
  publicationCheckMs: number
  /** Changes wait until it is off again, and then arrive together. */
  pausePolls: boolean
  /** Every change is lost without a sign. */
  loseChanges: boolean
  /** Every frame of a change is sent twice. */
  duplicateChanges: boolean
  /** Every change goes to bindings of the channel it was not meant for. */
  misrouteChanges: boolean
  /** Changes above this rate are lost without a sign. */
  maxChangesPerSecond: number
}

/** Faults that end by themselves, after as many changes or joins. */
export interface FaultCounters {
  loseNext: number
  duplicateNext: number
  misrouteNext: number
  corruptNext: number
  joinErrorsNext: number
  loseMessagesNext: number
}

/** Which truncated change the server sends, as its HTTP-like status. */
export type CorruptStatus = 400 | 401 | 413

const maxDelayMs = 600_000

const healthySettings: Readonly<FaultSettings> = {
  upgrade: 'accept',
  muteHeartbeats: false,
  joinReplyDelayMs: 0,
  withholdJoinReply: false,
  joinReplyBindings: 'echo',
  systemOkDelayMs: 0,
  slotDelayMs: 0,
  tokenOkDelayMs: 0,
  refusedJoinDelayMs: 0,
  refusedUpgradeDelayMs: 0,
  replicationDelayMs: 0,
  loseMessages: false,
  duplicateMessages: false,
  withholdSystemOk: false,
  deliveryDelayMs: 0,
  pollIntervalMs: 0,
  publicationCheckMs: 0,
  pausePolls: false,
  loseChanges: false,
  duplicateChanges: false,
  misrouteChanges: false,
  maxChangesPerSecond: Infinity,
}

const noCounters: Readonly<FaultCounters> = {
  loseNext: 0,
  duplicateNext: 0,
  misrouteNext: 0,
  corruptNext: 0,
  joinErrorsNext: 0,
  loseMessagesNext: 0,
}

/** The waits of the real server, and the way it polls: what a test or a demo leaves out to be quick. */
export const realTiming: Readonly<Partial<FaultSettings>> = {
  pollIntervalMs: 500,
  publicationCheckMs: 60_000,
  tokenOkDelayMs: 2000,
  refusedJoinDelayMs: 5000,
  refusedUpgradeDelayMs: 2000,
}

/** Throws a TypeError for a setting that is unknown, or whose value is of the wrong kind. */
export function checkSettings(settings: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(settings)) {
    if (!Object.hasOwn(healthySettings, name)) throw new TypeError(`Unknown fault \`${name}\`.`)
    const expected = findProblem(name as keyof FaultSettings, value)
    if (expected !== undefined) throw new TypeError(`Expected \`${name}\` to be ${expected}, got \`${String(value)}\`.`)
  }
}

function findProblem(name: keyof FaultSettings, value: unknown): string | undefined {
  const isNumber = typeof value === 'number' && value >= 0
  if (name === 'upgrade') {
    const isStatus = isNumber && Number.isInteger(value) && value >= 400 && value <= 599
    return isStatus || value === 'accept' || value === 'refuse'
      ? undefined
      : "'accept', 'refuse' or an HTTP error status"
  }
  if (name === 'joinReplyBindings') {
    return value === 'echo' || value === 'empty' || value === 'missing' ? undefined : "'echo', 'empty' or 'missing'"
  }
  if (typeof healthySettings[name] === 'boolean') return typeof value === 'boolean' ? undefined : 'true or false'
  const max = name === 'maxChangesPerSecond' ? Infinity : maxDelayMs
  return isNumber && value <= max ? undefined : `0–${max}`
}

/** The state of all faults: what the server looks at while it works. */
export class FaultState {
  readonly #base: FaultSettings
  settings: FaultSettings
  counters: FaultCounters = { ...noCounters }
  corruptStatus: CorruptStatus = 400
  joinErrorReason = ''

  /** `base` is what `reset()` goes back to. */
  constructor(base: Readonly<Partial<FaultSettings>> = {}) {
    this.#base = { ...healthySettings, ...base }
    this.settings = { ...this.#base }
  }

  /** Takes one from a counter; whether there was one. */
  take(counter: keyof FaultCounters): boolean {
    if (this.counters[counter] <= 0) return false
    this.counters[counter]--
    return true
  }

  reset(): void {
    this.settings = { ...this.#base }
    this.counters = { ...noCounters }
  }
}
