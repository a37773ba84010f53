import { describe, expect, it } from 'vitest'
import { createGate } from '../../../src/actions/gate.ts'
import { PendingQueue } from '../../../src/actions/pendingQueue.ts'
import { defaultTiming } from '../../../src/actions/timing.ts'
import { RootWindows } from '../../../src/actions/windows/rootWindows.ts'
import type { WaitExplanation } from '../../../src/actions/windows/windows.ts'
import { toJsonSafe } from '../../../src/integration/inspect/jsonSafe.ts'

const wants = { fetchActive: true, fetchInactive: false }

/** Windows over a queue in which time passes millisecond by millisecond, as the chart has them look at the clock. */
function setup() {
  const time = { nowMs: 0 }
  const queue = new PendingQueue({ value: 0 }, String)
  const windows = new RootWindows({
    queue,
    timing: { ...defaultTiming, quietMs: 30, maxWaitMs: 1000 },
    gate: createGate(),
    now: () => time.nowMs,
    isHeld: () => false,
    rootOf: ([root]) => root,
  })
  queue.watcher = windows
  const change = (root: string): void =>
    void queue.add(queue.idOf([root], false), [root], wants, time.nowMs, false, undefined)
  const pass = (ms: number): void => {
    for (const endMs = time.nowMs + ms; time.nowMs < endMs;) {
      time.nowMs += 1
      const due = windows.due()
      windows.look()
      if (!due) continue
      windows.take(due)
      queue.takeKeys(due.keyIds)
      windows.rest()
    }
  }
  /** Changes at these gaps, and what is told of the wait for the last of them. */
  const play = (root: string, gapsMs: readonly number[]): WaitExplanation | undefined => {
    change(root)
    for (const gapMs of gapsMs) {
      pass(gapMs)
      change(root)
    }
    return windows.explain().find((wait) => wait.root === root)
  }
  const flushed = (root: string): WaitExplanation | undefined => windows.explain([[root]])[0]
  return { windows, change, pass, play, flushed }
}

const share = ({ gaps }: WaitExplanation, uptoMs: number): number =>
  gaps.filter((gap) => gap.uptoMs <= uptoMs).reduce((sum, gap) => sum + gap.share, 0)

describe('what is told of a wait', () => {
  it('is that too little is known of a new root', () => {
    const { play, pass, flushed } = setup()
    expect(play('goals', [])).toMatchObject({ waitedMs: 60, waitMs: 60, because: 'quiet', isKnown: false })
    pass(100)
    expect(flushed('goals')).toMatchObject({ waitedMs: 60, waitMs: 60, because: 'quiet', isKnown: false })
  })

  it('is that waiting longer does not pay where changes are far apart', () => {
    const { play } = setup()
    const wait = play('goals', [1500, 1500, 1500, 1500])
    expect(wait).toMatchObject({ waitedMs: 30, waitMs: 30, because: 'quiet', isKnown: true })
    expect(wait?.gaps.at(-1)).toEqual({ uptoMs: Infinity, share: 1 })
  })

  it('is what was learned: 177 ms where gaps of 150 ms are to be expected', () => {
    const { play, pass, flushed } = setup()
    play('goals', [150, 1500, 150, 1500, 150, 1500])
    pass(1000)
    const wait = flushed('goals')
    expect(wait).toMatchObject({ because: 'learned', isKnown: true })
    expect(Math.round(wait?.waitMs ?? 0)).toBe(177)
    expect(wait?.waitedMs).toBe(177)
    expect(wait && share(wait, 177)).toBeCloseTo(0.5, 1)
    expect(wait && share(wait, 125)).toBe(0)
  })

  it('is the silence before it, whatever was learned', () => {
    const { play, pass, change, flushed } = setup()
    play(
      'goals',
      Array.from({ length: 20 }, () => 400),
    )
    pass(5000)
    change('goals')
    pass(200)
    expect(flushed('goals')).toMatchObject({ waitedMs: 150, waitMs: 150, because: 'silence' })
  })

  it('is a burst of other roots', () => {
    const { play, pass, change, windows } = setup()
    play('goals', [1500, 1500, 1500, 1500])
    pass(20)
    change('partners')
    expect(windows.explain().find(({ root }) => root === 'goals')).toMatchObject({ waitedMs: 50, because: 'burst' })
  })

  it('is that it may wait no longer', () => {
    const { play, pass, flushed } = setup()
    play(
      'goals',
      Array.from({ length: 49 }, () => 20),
    )
    pass(50)
    expect(flushed('goals')).toMatchObject({ waitedMs: 1000, because: 'maxWait' })
  })

  it('is nothing for a root that has not waited', () => {
    expect(setup().flushed('goals')).toBeUndefined()
  })

  it('is in what an inspector shows of the windows', () => {
    const { play, windows } = setup()
    play('goals', [])
    expect(toJsonSafe({ windows })).toMatchObject({ windows: [{ root: 'goals', waitMs: 60, because: 'quiet' }] })
  })
})
