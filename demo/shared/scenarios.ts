import type { StormChange } from '../server/api/stormPlan.ts'

/** Writes to play, each `atMs` after the start. */
export type Recording = readonly { readonly atMs: number; readonly change: StormChange }[]

export interface Scenario {
  readonly title: string
  /** Time each GET takes while it plays, in milliseconds. */
  readonly latencyMs: number
  readonly recording: Recording
}

const mixed: readonly StormChange[] = [
  'goal',
  'goal',
  'partner',
  'checkIn',
  'goal',
  'summary',
  'partner',
  'goal',
  'summary',
  'regenerate',
]

/** A stream of `writes` changes at an even pace, over the kinds in turn. */
export function record(writes: number, everyMs: number, kinds: readonly StormChange[] = mixed): Recording {
  return Array.from({ length: writes }, (_, n) => ({ atMs: n * everyMs, change: kinds[n % kinds.length] ?? 'goal' }))
}

export const scenarios = {
  a: {
    title: 'Regenerate the motivation (DELETE + INSERT)',
    latencyMs: 20,
    recording: [{ atMs: 0, change: 'regenerate' }],
  },
  b: { title: 'One check-in with all its triggers', latencyMs: 20, recording: [{ atMs: 0, change: 'checkIn' }] },
  c: { title: '200 mixed changes in 2 s', latencyMs: 20, recording: record(200, 10) },
  d: {
    title: 'One change every 40 ms for 5 s, API latency 120 ms',
    latencyMs: 120,
    recording: record(125, 40, ['goal']),
  },
} as const satisfies Record<string, Scenario>

export type ScenarioName = keyof typeof scenarios
