// @vitest-environment happy-dom
import { cleanup, fireEvent, screen } from '@testing-library/react'
import { MutationObserver as QueryMutation, QueryClient } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Monitor } from '../../src/integration/devtools/monitor/monitor.ts'
import { FakeRealtimeService } from '../react/support.tsx'
import { advance, entries, openEntries, openPanel } from './support.tsx'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  cleanup()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('the panel', () => {
  it('shows what is pending with its sources, events and age', async () => {
    const { coalescer, text } = await openPanel({}, { quietMs: 1000, maxWaitMs: 2000 })
    coalescer.scheduleInvalidate(['goals'], { source: 'goals:INSERT' })
    coalescer.scheduleInvalidate(['goals'], { source: 'goals:DELETE' })
    await advance(400)
    expect(text('.rtc-pending li')).toMatch(/^\["goals"\]goals:INSERT, goals:DELETE2 events, \d50 ms$/)
    expect(text('.rtc-phase')).toBe('collecting')
    await advance(400)
    expect(text('.rtc-pending li')).toMatch(/[67]\d\d ms$/)
    coalescer.stop()
  })

  it('shows what waits for a mutation, and for which', async () => {
    const { coalescer, queryClient, text } = await openPanel()
    const counters = (): (string | null)[] =>
      [...document.querySelectorAll('.rtc-counters > div')].map(({ textContent }) => textContent)
    expect(counters()).toContain('held0')
    const mutation = new QueryMutation(queryClient, {
      mutationKey: ['addGoal'],
      onMutate: () => queryClient.setQueriesData({ queryKey: ['goals'] }, () => 'mine'),
      mutationFn: () => new Promise(() => undefined),
    })
    void mutation.mutate()
    await advance(10)
    coalescer.scheduleInvalidate(['goals'], { urgent: true })
    await advance(200)
    expect(text('.rtc-pending li[data-held]')).toBe('["goals",{"user":7}] waits for mutation ["addGoal"]')
    expect(counters()).toContain('held1')
    coalescer.stop()
  })

  it('tells of a flush why it came, what it was for, and which changes caused each fetch', async () => {
    const { coalescer } = await openPanel()
    coalescer.scheduleInvalidate(['goals'], { source: 'goals:INSERT' })
    coalescer.scheduleInvalidate(['check_ins'], { source: 'check_ins:INSERT' })
    coalescer.scheduleInvalidate(['check_ins'], { source: 'check_ins:UPDATE' })
    await advance(300)
    await advance(300)
    expect(entries()).toHaveLength(1)
    openEntries()
    const entry = entries()[0] as HTMLElement
    expect(entry.querySelector('.rtc-summary')?.textContent).toBe('quiet 3 calls → 2 keys → 2 fetches, waited 150 ms')
    expect(entry.textContent).toContain('Flushed because the feed went quiet.')
    const fetches = [...entry.querySelectorAll('.rtc-fetches > li')].map((one) => one.textContent)
    expect(fetches).toEqual([
      '["goals",{"user":7}] success in 30 msbecause of ["goals"] 1 eventgoals:INSERT',
      '["check_ins",{"user":7}] success in 30 msbecause of ["check_ins"] 2 eventscheck_ins:INSERT, check_ins:UPDATE',
    ])
    coalescer.stop()
  })

  it('follows a fetch from before the event to the one that follows it', async () => {
    const { coalescer, queryClient } = await openPanel()
    void queryClient.refetchQueries({ queryKey: ['goals'] })
    await advance(10)
    coalescer.scheduleInvalidate(['goals'], { urgent: true })
    await advance(10)
    await advance(100)
    await advance(200)
    openEntries()
    expect(entries()[0]?.querySelector('.rtc-fetch')?.textContent).toBe('success in 30 ms')
    coalescer.stop()
  })

  it('shows a failed fetch', async () => {
    let isBroken = false
    const { coalescer } = await openPanel({}, {}, () => {
      if (isBroken) throw new Error('no such table')
      return 'data'
    })
    isBroken = true
    coalescer.scheduleInvalidate(['goals'])
    await advance(600)
    expect(entries()[1]?.querySelector('.rtc-outcome')?.textContent).toBe('1 failed')
    openEntries()
    expect(entries()[0]?.textContent).toContain('Fetch of ["goals",{"user":7}] failed: no such table')
    expect(entries()[1]?.querySelector('.rtc-fetch')?.getAttribute('data-state')).toBe('error')
    coalescer.stop()
  })

  it('counts what was done and what was saved', async () => {
    const { coalescer, text } = await openPanel()
    for (let n = 0; n < 10; n += 1) coalescer.scheduleInvalidate(['goals'])
    await advance(400)
    expect(text('.rtc-counters')).toContain('fetches saved9 (90 %)')
    expect(text('.rtc-counters')).toContain('events10')
    coalescer.stop()
  })

  it('switches the strategy and its timing', async () => {
    const { coalescer } = await openPanel()
    fireEvent.change(screen.getByLabelText('Strategy', { selector: 'select' }), { target: { value: 'hybrid' } })
    await advance(300)
    expect(coalescer.getSnapshot().strategy).toBe('hybrid')
    fireEvent.change(screen.getByLabelText('refetch delay, ms'), { target: { value: '40' } })
    fireEvent.click(screen.getByLabelText('leading'))
    fireEvent.click(screen.getByText('Apply'))
    await advance(300)
    const { name, timing } = coalescer.actor.getSnapshot().context.strategy
    expect({ name, delay: timing.refetchDelayMs, leading: timing.leading }).toEqual({
      name: 'hybrid',
      delay: 40,
      leading: true,
    })
    expect([...entries()].map((entry) => entry.lastChild?.textContent)).toEqual([
      'hybrid: new timing',
      'debounce → hybrid',
    ])
    coalescer.stop()
  })

  it('says what is wrong with a bad timing and keeps the old one', async () => {
    const { coalescer } = await openPanel()
    const input = screen.getByLabelText('quiet, ms')
    fireEvent.change(input, { target: { value: '-5' } })
    fireEvent.submit(input.closest('form') as HTMLFormElement)
    await advance(300)
    expect(screen.getByRole('alert').textContent).toContain('quietMs')
    expect(coalescer.actor.getSnapshot().context.strategy.timing.quietMs).toBe(150)
    coalescer.stop()
  })

  it('flushes and resets', async () => {
    const { coalescer } = await openPanel({}, { quietMs: 1000, maxWaitMs: 2000 })
    coalescer.scheduleInvalidate(['goals'])
    fireEvent.click(screen.getByText('Flush'))
    await advance(300)
    expect(entries()[0]?.querySelector('.rtc-reason')?.textContent).toBe('manual')
    coalescer.scheduleInvalidate(['goals'])
    fireEvent.click(screen.getByText('Reset'))
    expect(coalescer.getSnapshot().pendingKeys).toBe(0)
    coalescer.stop()
  })

  it('shows keys and changes that read alike side by side', async () => {
    const complain = vi.spyOn(console, 'error')
    const { coalescer } = await openPanel({}, { strategy: { name: 'batch', quietMs: 300 } })
    const change = { schema: 'public', table: 'goals', eventType: 'INSERT', new: {}, old: {} } as const
    for (let n = 0; n < 2; n += 1) {
      coalescer.scheduleInvalidate(['goals'], { exact: n === 1 })
      coalescer.send({
        type: 'CHANGE',
        change: { ...change, commitTimestamp: null, errors: null },
        handler: () => ({ invalidate: [['x'.repeat(300), n]] }),
      })
    }
    await advance(300)
    expect(screen.getByRole('region', { name: 'Pending keys' }).querySelectorAll('li')).toHaveLength(4)
    await advance(600)
    openEntries()
    expect(entries()[0]?.querySelectorAll('h4 + .rtc-keys code')).toHaveLength(4)
    expect(complain).not.toHaveBeenCalled()
    coalescer.stop()
  })

  it('shows the status of a service', async () => {
    const service = new FakeRealtimeService()
    const { coalescer, text } = await openPanel({ service })
    service.become('interrupted')
    await advance(0)
    expect(text('.rtc-status')).toBe('feed interrupted')
    coalescer.stop()
  })

  it('says when the coalescer has stopped and lets nothing be done any more', async () => {
    const { coalescer, text } = await openPanel()
    coalescer.scheduleInvalidate(['goals'])
    await advance(10)
    coalescer.stop()
    await advance(300)
    expect(text('.rtc-phase')).toBe('stopped')
    expect((screen.getByText('Flush').closest('fieldset') as HTMLFieldSetElement).disabled).toBe(true)
  })

  it('shows the newest hundred entries, and of each flush the first details', async () => {
    const { coalescer } = await openPanel()
    for (let n = 0; n < 130; n += 1) coalescer.scheduleInvalidate(['goals', n], { urgent: true })
    coalescer.send({ type: 'INVALIDATE', queryKeys: Array.from({ length: 300 }, (_, n) => ['many', n]), urgent: true })
    await advance(300)
    expect(entries()).toHaveLength(100)
    openEntries()
    expect(entries()[0]?.querySelectorAll('.rtc-keys code')).toHaveLength(25)
    expect(entries()[0]?.textContent).toContain('… and 275 more')
    coalescer.stop()
  })

  it('holds the timeline while paused, loses nothing of it, and empties it on Clear', async () => {
    const { coalescer } = await openPanel()
    fireEvent.click(screen.getByText('Pause'))
    coalescer.scheduleInvalidate(['goals'], { urgent: true })
    await advance(300)
    expect(entries()).toHaveLength(0)
    expect(screen.getByText(/^Paused, 1 newer\./)).toBeTruthy()
    fireEvent.click(screen.getByText('Pause'))
    expect(entries()).toHaveLength(1)
    coalescer.scheduleInvalidate(['goals'], { urgent: true })
    await advance(300)
    expect(entries()).toHaveLength(2)
    fireEvent.click(screen.getByText('Clear'))
    expect(entries()).toHaveLength(0)
    coalescer.stop()
  })

  it('is drawn at most four times a second, however busy the feed is', async () => {
    const { coalescer, container } = await openPanel()
    let changes = 0
    const observer = new MutationObserver(() => (changes += 1))
    observer.observe(container.querySelector('.rtc-counters') as Element, {
      subtree: true,
      characterData: true,
      childList: true,
    })
    for (let n = 0; n < 200; n += 1) {
      coalescer.scheduleInvalidate(['goals'])
      await advance(5)
    }
    observer.disconnect()
    expect(changes).toBeGreaterThan(0)
    expect(changes).toBeLessThanOrEqual(5)
    coalescer.stop()
  })
})

it('is drawn less often, the longer drawing takes', async () => {
  const queryClient = new QueryClient()
  const coalescer = createCoalescer({ queryClient })
  const monitor = new Monitor(coalescer)
  let spentMs = 0
  vi.spyOn(performance, 'now').mockImplementation(() => Date.now() + spentMs)
  const draws = async (costMs: number) => {
    let count = 0
    const end = monitor.subscribe(() => {
      count += 1
      spentMs += costMs
    })
    for (let n = 0; n < 500; n += 1) {
      coalescer.scheduleInvalidate(['goals'])
      await vi.advanceTimersByTimeAsync(10)
    }
    end()
    return count
  }
  const [cheap, dear, worst] = [await draws(1), await draws(10), await draws(5000)]
  expect(cheap).toBeGreaterThanOrEqual(19)
  expect(cheap).toBeLessThanOrEqual(20)
  // Ten milliseconds are 2 % of half a second.
  expect(dear).toBeGreaterThanOrEqual(9)
  expect(dear).toBeLessThanOrEqual(11)
  expect(worst).toBeGreaterThanOrEqual(5)
  coalescer.stop()
})

it('leaves nothing behind when it is unmounted, and does not inspect the actors', async () => {
  const { coalescer, queryClient, unmount } = await openPanel()
  const inspect = vi.spyOn(coalescer.actor.system, 'inspect')
  const cache = queryClient.getQueryCache() as unknown as { listeners: Set<unknown> }
  coalescer.scheduleInvalidate(['goals'], { urgent: true })
  await advance(300)
  const withPanel = cache.listeners.size
  unmount()
  await advance(0)
  expect(cache.listeners.size).toBe(withPanel - 1)
  const before = vi.getTimerCount()
  for (let n = 0; n < 5; n += 1) coalescer.scheduleInvalidate(['goals', n], { urgent: true })
  expect(vi.getTimerCount()).toBe(before)
  expect(inspect).not.toHaveBeenCalled()
  coalescer.stop()
})
