import { describe, expect, it } from 'vitest'
import { StreamLog } from '../../../src/actions/tabs/streamLog.ts'

const one = { stream: 'one', term: 1 }
const two = { stream: 'two', term: 2 }

describe('a log of a leader', () => {
  it('tells the next message from repeats and from those after a gap', () => {
    const log = new StreamLog()
    const steps = [3, 4, 4, 3, 6, 7].map((seq) => log.take(one, seq, seq === 3))
    expect(steps).toEqual(['switched', 'next', 'stale', 'stale', 'afterGap', 'next'])
  })

  it('takes what comes before the first view, and nothing of others after it', () => {
    const log = new StreamLog()
    expect([log.take(one, 1, false), log.take(one, 2, true), log.take(two, 1, false)]).toEqual([
      'next',
      'switched',
      'stale',
    ])
  })

  it('follows a later leader, and not one of before unless it is doubted', () => {
    const log = new StreamLog()
    expect([log.take(one, 1, true), log.take(two, 1, true), log.take(one, 2, true)]).toEqual([
      'switched',
      'switched',
      'stale',
    ])
    log.doubt()
    expect([log.take(one, 3, true), log.take(one, 4, false)]).toEqual(['switched', 'next'])
  })

  it('never listens again to a leader that has ended', () => {
    const log = new StreamLog()
    log.take(two, 1, true)
    log.retire('two')
    log.doubt()
    expect([log.stream, log.take(two, 2, true), log.take(one, 1, true)]).toEqual([undefined, 'stale', 'switched'])
  })

  it('numbers a leadership higher than all before, whatever the clock says', () => {
    const log = new StreamLog()
    log.take({ stream: 'three', term: 5_000 }, 1, true)
    expect([log.nextTerm(10), log.nextTerm(9_000)]).toEqual([5_001, 9_000])
  })
})
