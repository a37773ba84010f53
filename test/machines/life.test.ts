import { focusManager } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { transition } from 'xstate'
import { chartsOf } from '../../src/machines/charts.ts'
import { strategies } from '../../src/machines/strategies.ts'
import { useSimulatedTime } from '../support/simulatedTime.ts'
import { surroundingsOf } from '../support/surroundings.ts'
import { createWorld } from '../support/world.ts'

useSimulatedTime()

describe('the chart of a coalescer', () => {
  it('bears the name `coalescer`, in its actor system too', () => {
    const { coalescer } = createWorld({})
    expect(coalescer.actor.id).toBe('coalescer')
    expect(coalescer.actor.system.get('coalescer')).toBe(coalescer.actor)
  })

  it('shows that the coalescer is stopped', () => {
    const { coalescer } = createWorld({})
    expect(coalescer.actor.getSnapshot().value).toEqual({ strategy: 'debounce' })
    coalescer.stop()
    expect(coalescer.actor.getSnapshot().value).toBe('stopped')
  })

  it.each(['defer', 'refetch'] as const)('shows whether the page is hidden, under whenHidden %s', (whenHidden) => {
    const { coalescer, hide, unhide } = createWorld({ whenHidden })
    const pageOf = (): unknown => surroundingsOf(coalescer).page
    hide()
    expect(pageOf()).toBe('hidden')
    unhide()
    expect(pageOf()).toBe('visible')
  })

  it('shows from the start that the page is hidden', () => {
    focusManager.setFocused(false)
    const { coalescer } = createWorld({ whenHidden: 'refetch' })
    expect(surroundingsOf(coalescer)).toMatchObject({ page: 'hidden' })
  })

  it('may be asked what it would do at any event, without doing it', () => {
    const { coalescer, flushed } = createWorld({})
    coalescer.scheduleInvalidate(['goals'])
    const snapshot = coalescer.actor.getSnapshot() as never
    const before = coalescer.getSnapshot()
    const { orchestrator } = chartsOf(strategies)
    for (const event of [
      { type: 'INVALIDATE', queryKeys: [['partners']], urgent: true },
      { type: 'REFETCH', queryKeys: [['partners']] },
      { type: 'FLUSH' },
      { type: 'WAKE' },
      { type: 'DUE', reason: 'quiet', fetch: 'now' },
      { type: 'PAGE_HIDDEN' },
      { type: 'STOP' },
    ] as const) {
      orchestrator.resolveState(snapshot).can(event)
      transition(orchestrator, snapshot, event)
    }
    expect(coalescer.getSnapshot()).toBe(before)
    expect(flushed).toEqual([])
  })
})
