/** One kind of write a storm is made of. */
export type StormChange = (typeof stormChanges)[number]

export const stormChanges = ['goal', 'partner', 'summary', 'regenerate', 'checkIn'] as const

export function isStormChange(change: unknown): change is StormChange {
  return stormChanges.some((known) => known === change)
}

/** A write, `atMs` after the start of its storm. */
export interface PlannedWrite {
  readonly atMs: number
  readonly change: StormChange
}

export interface StormOptions {
  /** Writes per second, up to 10 000. Default 100. */
  ratePerSecond?: number
  /** Up to 600 000, ten minutes. Default 2000. */
  durationMs?: number
  /** How often each kind comes, relative to the others, each 0–1000. Default: all kinds, mostly single rows. */
  mix?: Partial<Record<StormChange, number>>
  /** Plays these instead, each `atMs` after the start. */
  recorded?: readonly PlannedWrite[]
  /** Same seed, same order of kinds. Default 1. */
  seed?: number
}

const maxRatePerSecond = 10_000
const maxDurationMs = 600_000
const maxWeight = 1000
const maxWrites = 100_000
const optionNames = ['ratePerSecond', 'durationMs', 'mix', 'recorded', 'seed'] satisfies (keyof StormOptions)[]
const defaultMix: Record<StormChange, number> = { goal: 4, partner: 2, summary: 2, regenerate: 1, checkIn: 1 }

/** The writes of a storm in their order. @throws TypeError or RangeError for what is no storm, whatever its type says. */
export function planStorm(options: StormOptions): readonly PlannedWrite[] {
  for (const name of Object.keys(options)) expectOneOf('an option of a storm', name, optionNames)
  const { ratePerSecond = 100, durationMs = 2000, mix = defaultMix, recorded, seed = 1 } = options
  if (recorded !== undefined) return planRecording(recorded)
  expectNumber('ratePerSecond', ratePerSecond, Number.MIN_VALUE, maxRatePerSecond)
  expectNumber('durationMs', durationMs, 0, maxDurationMs)
  expectNumber('seed', seed, 0, Number.MAX_SAFE_INTEGER)
  const writes = Math.round((ratePerSecond * durationMs) / 1000)
  expectNumber('ratePerSecond * durationMs / 1000', writes, 0, maxWrites)
  const kinds = planKinds(mix)
  const random = createRandom(seed)
  return Array.from({ length: writes }, (_, n) => ({
    atMs: (n * 1000) / ratePerSecond,
    change: kinds[Math.floor(random() * kinds.length)] ?? 'goal',
  }))
}

function planRecording(recorded: unknown): readonly PlannedWrite[] {
  if (!Array.isArray(recorded) || recorded.length > maxWrites) {
    throw new TypeError(`Expected \`recorded\` to be a list of at most ${maxWrites} writes.`)
  }
  const writes = recorded.map((write: unknown): PlannedWrite => {
    const { atMs, change } = isRecord(write) ? write : {}
    expectNumber('atMs', atMs, 0, maxDurationMs)
    expectOneOf('`change`', change, stormChanges)
    return { atMs, change: change as StormChange }
  })
  return writes.sort((a, b) => a.atMs - b.atMs)
}

/** Each kind as many times as it weighs. */
function planKinds(mix: unknown): readonly StormChange[] {
  if (!isRecord(mix)) throw new TypeError('Expected `mix` to be an object of changes and their weights.')
  const kinds = Object.entries(mix).flatMap(([change, weight]) => {
    expectOneOf('a change of `mix`', change, stormChanges)
    expectNumber(`mix.${change}`, weight, 0, maxWeight)
    return Array.from({ length: Math.round(weight) }, () => change as StormChange)
  })
  if (kinds.length === 0) throw new TypeError('Expected `mix` to give at least one change a weight of 1 or more.')
  return kinds
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function expectNumber(name: string, value: unknown, min: number, max: number): asserts value is number {
  if (typeof value === 'number' && value >= min && value <= max) return
  throw new RangeError(`Expected \`${name}\` to be a number of ${min}–${max}, got \`${describe(value)}\`.`)
}

function expectOneOf(what: string, value: unknown, known: readonly string[]): void {
  if (known.some((name) => name === value)) return
  throw new TypeError(`Expected ${what} to be one of ${known.join(', ')}, got \`${describe(value)}\`.`)
}

const describe = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 100)

/** A small generator of numbers from 0 to 1 that repeats for the same seed. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
