import { expectBoolean, expectCount, expectDelay } from './validate.ts'

/** When a strategy flushes. All times in milliseconds. */
export interface Timing {
  /**
   * How long the feed must be quiet before a flush. Raise it to merge more changes into one request; lower it to show
   * changes sooner.
   * @default debounce 150, batch 80, perKey 100, hybrid 150, adaptive 30 (the least it waits); `direct` does not wait
   */
  readonly quietMs: number
  /**
   * The longest time a pending event waits for its flush, however busy the feed is. Raise it to save requests under a
   * steady stream; lower it to bound how old the screen can be.
   * @default 1000
   */
  readonly maxWaitMs: number
  /**
   * `hybrid` only: how long after the marking the marked queries are fetched.
   * @default 200
   */
  readonly refetchDelayMs: number
  /**
   * Flush an event that comes after idle at once, then collect until the burst is over. Shows lone changes without
   * delay, at the price of one more request per burst.
   * @default false
   */
  readonly leading: boolean
  /**
   * Adds a random delay of up to this much to each window, within `maxWaitMs`, so that many clients that saw the same
   * change do not ask the API in the same instant.
   * @default 0
   */
  readonly jitterMs: number
  /**
   * `batch` only: this many buffered changes are flushed early.
   * @default 10000
   */
  readonly maxBufferedChanges: number
}

/** Timing as options take it: what is left out has its default. */
export type TimingOptions = { readonly [Name in keyof Timing]?: Timing[Name] | undefined }

/** The timing of every strategy unless told otherwise; only `quietMs` differs between strategies. */
export const defaultTiming: Omit<Timing, 'quietMs'> = {
  maxWaitMs: 1000,
  refetchDelayMs: 200,
  leading: false,
  jitterMs: 0,
  maxBufferedChanges: 10_000,
}

/** How each option of timing is read. */
export const timingReaders: { readonly [Name in keyof Timing]: (name: string, value: unknown) => Timing[Name] } = {
  quietMs: expectDelay,
  maxWaitMs: expectDelay,
  refetchDelayMs: expectDelay,
  leading: expectBoolean,
  jitterMs: expectDelay,
  maxBufferedChanges: expectCount,
}

/** The timing options of an object, checked; properties that are `undefined` count as missing. */
export function pickTiming(options: TimingOptions): Partial<Timing> {
  return Object.fromEntries(
    Object.entries(timingReaders).flatMap(([name, read]) => {
      const value = options[name as keyof Timing]
      return value === undefined ? [] : [[name, read(name, value)] as const]
    }),
  )
}
