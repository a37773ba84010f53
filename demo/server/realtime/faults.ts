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
  /** Joins are answered, but the feed never attaches: no `system` ok, no change. */
  withholdSystemOk: boolean
  /** Time between a commit and its frames; keeps their order. */
  deliveryDelayMs: number
  /** Changes are read at most this often, so those in between arrive together. 0 reads at once. */
  pollIntervalMs: number
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
  withholdSystemOk: false,
  deliveryDelayMs: 0,
  pollIntervalMs: 0,
  loseChanges: false,
  duplicateChanges: false,
  misrouteChanges: false,
  maxChangesPerSecond: Infinity,
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
  settings: FaultSettings = { ...healthySettings }
  counters: FaultCounters = { loseNext: 0, duplicateNext: 0, misrouteNext: 0, corruptNext: 0, joinErrorsNext: 0 }
  corruptStatus: CorruptStatus = 400
  joinErrorReason = ''

  /** Takes one from a counter; whether there was one. */
  take(counter: keyof FaultCounters): boolean {
    if (this.counters[counter] <= 0) return false
    this.counters[counter]--
    return true
  }

  reset(): void {
    this.settings = { ...healthySettings }
    this.counters = { loseNext: 0, duplicateNext: 0, misrouteNext: 0, corruptNext: 0, joinErrorsNext: 0 }
  }
}
