// @vitest-environment happy-dom
import { QueryObserver, focusManager, onlineManager } from '@tanstack/react-query'
import { cleanup, fireEvent, screen } from '@testing-library/react'
import { createRealtimeService } from 'realtime-coalescer/supabase'
import { createTestFeed, createTestServer } from 'realtime-coalescer/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { advance, entries, openEntries, openPanel, summaries } from './support.tsx'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  cleanup()
  focusManager.setFocused(undefined)
  onlineManager.setOnline(true)
  vi.useRealTimers()
})

const goalsKey = ['goals', { user: 7 }]

/** The text of the newest line, opened. */
async function newest(): Promise<string> {
  await advance(300)
  openEntries()
  return entries()[0]?.textContent ?? ''
}

describe('every request is named as what it is:', () => {
  it('the first load, and a mount that finds stale data, with the flush that has marked it', async () => {
    const { coalescer, queryClient } = await openPanel()
    const options = { queryKey: ['partners'], queryFn: () => 'data', staleTime: Infinity }
    const unmount = new QueryObserver(queryClient, options).subscribe(() => undefined)
    expect(await newest()).toMatch(/first load \["partners"\]Requested because there was no data yet/)
    unmount()
    coalescer.scheduleInvalidate(['partners'], { urgent: true })
    const marking = await newest()
    expect(marking).toContain('1 marked stale only["partners"]')
    new QueryObserver(queryClient, options).subscribe(() => undefined)
    expect(await newest()).toMatch(
      /mount .*its data was stale.*success in 0 ms marked stale by the urgent flush of \d\d:/,
    )
    coalescer.stop()
  })

  it("the app's own calls, and its invalidateQueries", async () => {
    const { coalescer, queryClient } = await openPanel()
    void queryClient.refetchQueries({ queryKey: goalsKey })
    expect(await newest()).toMatch(/the app \["goals",{"user":7}\].*refetchQueries\(\)/)
    void queryClient.invalidateQueries({ queryKey: goalsKey })
    expect(await newest()).toContain('the app called invalidateQueries() itself')
    void queryClient.prefetchQuery({ queryKey: ['later'], queryFn: () => 1 })
    expect(await newest()).toContain('first load ["later"]')
    coalescer.stop()
  })

  it('retries, each with the error before it', async () => {
    const { coalescer, queryClient } = await openPanel()
    let failures = 2
    const queryFn = async () => {
      failures -= 1
      if (failures >= 0) throw new Error('server away')
      return 'data'
    }
    void queryClient.fetchQuery({ queryKey: ['flaky'], queryFn, retry: 3, retryDelay: 400 }).catch(() => undefined)
    await advance(1500)
    expect(await newest()).toContain('success in 400 ms attempt 3, after: server away')
    expect(summaries()).toEqual(['retry ["flaky"]', 'retry ["flaky"]1 failed', 'first load ["flaky"]1 failed'])
    coalescer.stop()
  })

  it('focus, network, polling and options', async () => {
    const { coalescer, queryClient } = await openPanel({}, { whenHidden: 'refetch' })
    queryClient.mount()
    const queryFn = () => Date.now()
    const observer = new QueryObserver(queryClient, { queryKey: ['a'], queryFn, staleTime: 0 })
    observer.subscribe(() => undefined)
    await advance(300)
    focusManager.setFocused(false)
    focusManager.setFocused(true)
    expect(await newest()).toContain('refetchOnWindowFocus')
    onlineManager.setOnline(false)
    onlineManager.setOnline(true)
    expect(await newest()).toContain('refetchOnReconnect')
    observer.setOptions({ queryKey: ['a'], queryFn, staleTime: Infinity, enabled: false })
    await queryClient.invalidateQueries({ queryKey: ['a'], refetchType: 'none' })
    await advance(10)
    observer.setOptions({ queryKey: ['a'], queryFn, staleTime: Infinity, enabled: true })
    expect(await newest()).toContain('changed its options')
    observer.setOptions({ queryKey: ['a'], queryFn, staleTime: Infinity, refetchInterval: 2000 })
    await advance(2000)
    expect(await newest()).toContain('refetchInterval')
    queryClient.unmount()
    coalescer.stop()
  })

  it('many of one kind at once are one line, and a fetch of a flush is no line of its own', async () => {
    const { coalescer, queryClient } = await openPanel()
    for (let n = 0; n < 40; n += 1) void queryClient.prefetchQuery({ queryKey: ['page', n], queryFn: () => 1 })
    await advance(300)
    coalescer.scheduleInvalidate(['goals'])
    await advance(500)
    expect(summaries()).toEqual(['quiet 1 call → 1 key → 1 fetch, waited 150 ms', 'first load 40 requests'])
    coalescer.stop()
  })
})

describe('a flush tells what led to it:', () => {
  const openFeed = async (strategy: 'debounce' | 'batch' | 'perKey' = 'debounce') => {
    const server = createTestServer({ rows: { goals: [], check_ins: [] } })
    const feed = createTestFeed(server)
    const view = await openPanel({}, { strategy })
    const service = createRealtimeService({
      supabase: feed.supabase,
      coalescer: view.coalescer,
      channel: 'test',
      firstCatchUp: 'off',
      tables: {
        goals: { keys: () => [['goals'], ['dashboard']] },
        check_ins: {
          handle: () => ({ invalidate: [['check_ins'], ['goals']], refetch: [['goals']] }),
          catchUp: [['check_ins']],
        },
      },
    })
    view.rerender(view.page({ service }))
    service.initialize(view.queryClient)
    await advance(2000)
    return { ...view, feed, service }
  }

  it.each(['debounce', 'batch'] as const)(
    'row changes and keys are told apart, sources counted, under %s',
    async (strategy) => {
      const { coalescer, feed, service } = await openFeed(strategy)
      for (let id = 0; id < 3; id += 1) feed.commit({ table: 'goals', row: { id } })
      for (let id = 0; id < 2; id += 1) feed.commit({ table: 'check_ins', row: { id } })
      await advance(600)
      expect(summaries()[0]).toMatch(/^quiet 5 row changes → 3 keys → 2 fetches, waited \d+ ms$/)
      openEntries()
      const keys = [...(entries()[0]?.querySelectorAll('h4 + .rtc-keys > li') ?? [])].map((one) => one.textContent)
      expect(keys.sort()).toEqual([
        '["check_ins"] 2 eventscheck_ins:INSERT ×2',
        '["dashboard"] 3 eventsgoals:INSERT ×3',
        '["goals"] 7 eventsgoals:INSERT ×3, check_ins:INSERT ×2',
      ])
      service.stop()
      coalescer.stop()
    },
  )

  it('a catch-up names its gap', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { coalescer, feed, service } = await openFeed()
    feed.drop()
    await advance(4200)
    feed.rejoin()
    await advance(2000)
    expect(summaries()).toEqual([
      expect.stringMatching(/^quiet catch-up → 3 keys → 2 fetches/),
      expect.stringMatching(/^Feed live again after \d+ ms$/),
      ...summaries().slice(2),
    ])
    openEntries()
    expect(entries()[0]?.textContent).toMatch(
      /Catches up with the gap from \d\d:\d\d:\d\d\.\d+ to \d\d:\d\d:\d\d\.\d+ \(\d+ ms\)/,
    )
    service.stop()
    coalescer.stop()
  })

  it('under perKey a key that never was quiet is not said to have been', async () => {
    const { coalescer } = await openPanel({}, { strategy: { name: 'perKey', quietMs: 100, maxWaitMs: 300 } })
    for (let atMs = 0; atMs < 300; atMs += 20) {
      coalescer.scheduleInvalidate(['goals'])
      if (atMs === 200) coalescer.scheduleInvalidate(['check_ins'])
      await advance(20)
    }
    await advance(400)
    openEntries()
    const told = entries().map((one) => [
      one.querySelector('.rtc-reason')?.textContent,
      ...[...one.querySelectorAll('h4 + .rtc-keys > li')].map((key) => key.textContent),
    ])
    expect(told.map((one) => one.sort())).toEqual([['["check_ins"] 1 event', '["goals"] 15 events maxWait', 'quiet']])
    coalescer.stop()
  })
})

describe('the timeline', () => {
  it('is searched by keys, sources and reasons, and narrowed to a kind', async () => {
    const { coalescer, queryClient } = await openPanel()
    coalescer.scheduleInvalidate(['goals'], { source: 'goals:INSERT', urgent: true })
    await advance(300)
    coalescer.scheduleInvalidate(['check_ins'], { source: 'check_ins:UPDATE' })
    await advance(300)
    void queryClient.refetchQueries({ queryKey: goalsKey })
    await advance(600)
    expect(entries()).toHaveLength(3)
    const search = screen.getByRole('searchbox')
    for (const [text, found] of [
      ['goals:insert', 1],
      ['goals', 2],
      ['urgent goals', 1],
      ['nothing', 0],
      ['', 3],
    ] as const) {
      fireEvent.change(search, { target: { value: text } })
      await advance(10)
      expect([text, entries().length]).toEqual([text, found])
    }
    fireEvent.change(screen.getByRole('combobox', { name: 'Show' }), { target: { value: 'other requests' } })
    await advance(10)
    expect(summaries()).toEqual(['the app ["goals",{"user":7}]'])
    coalescer.stop()
  })

  it('is copied as JSON, or shown where the browser forbids that', async () => {
    const { coalescer } = await openPanel()
    const key = ['goals', { note: 'x'.repeat(400), at: 10n }]
    coalescer.scheduleInvalidate(key, { source: 'goals:INSERT', urgent: true })
    await advance(300)
    const writeText = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue(undefined)
    fireEvent.click(screen.getByText('Copy as JSON'))
    await advance(10)
    const copied = JSON.parse(writeText.mock.calls[0]?.[0] ?? '') as { timeline: { keys: { queryKey: unknown }[] }[] }
    expect(copied.timeline[0]).toMatchObject({ type: 'flush', reason: 'urgent', rowChanges: 0, otherEvents: 1 })
    expect(copied.timeline[0]?.keys[0]?.queryKey).toEqual(['goals', { note: 'x'.repeat(400), at: '10n' }])
    expect(screen.getByText('Copied')).toBeTruthy()
    writeText.mockRejectedValue(new Error('denied'))
    fireEvent.click(screen.getByText('Copy as JSON'))
    await advance(10)
    const shown = screen.getByLabelText('Timeline as JSON') as HTMLTextAreaElement
    expect(JSON.parse(shown.value)).toMatchObject({ timeline: [{ type: 'flush' }] })
    coalescer.stop()
  })

  it('draws nothing of what is closed', async () => {
    const { coalescer } = await openPanel()
    coalescer.send({ type: 'INVALIDATE', queryKeys: Array.from({ length: 25 }, (_, n) => ['many', n]), urgent: true })
    await advance(300)
    const closed = entries()[0]?.querySelectorAll('*').length ?? 0
    expect(closed).toBeLessThan(8)
    openEntries()
    expect(entries()[0]?.querySelectorAll('*').length).toBeGreaterThan(50)
    coalescer.stop()
  })
})

it('a failure of the panel stays in the panel', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const { coalescer, container } = await openPanel()
  const broken = {
    getStatus: () => 'live' as const,
    subscribe: () => {
      throw new Error('no feed')
    },
  }
  const view = await openPanel({ service: broken })
  expect(view.container.textContent).toContain('The panel has failed: no feed')
  expect(container.textContent).toContain('fetches saved')
  view.coalescer.stop()
  coalescer.stop()
})
