import { describe, expect, it } from 'vitest'
import { demoForEachTest } from './support/demo.ts'
import { queryNames } from '../../demo/shared/queries.ts'
import { until } from '../../demo/shared/until.ts'

const the = demoForEachTest()

describe('one click', () => {
  it('shows its requests beside those of plain TanStack Query', async () => {
    const { page } = the.opened
    const settingsBefore = { ...the.demo.backend.realtime.faults.settings }
    await page.getByRole('button', { name: 'Click once' }).click()
    await page.locator('[data-click="debounce"]').waitFor()
    const figure = (way: string) => page.locator(`[data-click="${way}"]`).textContent()
    expect([await figure('plain'), await figure('debounce')]).toEqual(['21', '6'])
    await page.getByText('Calm', { exact: true }).waitFor()
    expect(the.demo.backend.realtime.faults.settings).toEqual(settingsBefore)
    await the.opened.expectEqualsDatabase()
    expect(the.opened.problems).toEqual([])
  })
})

describe('the feed', () => {
  it('can be switched in the middle of a storm: each change is told by one of them or caught up with', async () => {
    const { page } = the.opened
    const live = page.getByRole('status').filter({ hasText: 'Feed live' })
    const { playStorm, realtime } = the.demo.backend
    const messagesBefore = realtime.stats.messages
    const storm = async () => {
      do await playStorm({ ratePerSecond: 50, durationMs: 2000 })
      while (realtime.stats.messages === messagesBefore)
    }
    const stormy = storm()
    await the.opened.receive(10)
    await page.getByRole('radio', { name: 'broadcast' }).check()
    await stormy
    await live.waitFor()
    await page.locator('[data-calm="true"]').waitFor()
    await the.opened.expectEqualsDatabase()
    const joined = the.demo.backend.realtime.connections().flatMap(({ channels }) => channels.map(({ topic }) => topic))
    expect(joined).toEqual(['realtime:demo'])

    await the.opened.receive(5, () => page.getByRole('button', { name: /^Check-in/ }).click())
    await page.getByRole('radio', { name: 'postgres_changes' }).check()
    await live.waitFor()
    await the.opened.receive(5, () => page.getByRole('button', { name: /^Check-in/ }).click())
    await page.locator('[data-calm="true"]').waitFor()
    await the.opened.expectEqualsDatabase()
    expect(the.opened.problems).toEqual([])
  })

  it('is polled as on the real server when asked for', async () => {
    const { page } = the.opened
    await page.getByRole('checkbox', { name: /polls 500 ms apart/ }).check()
    const settings = async () => (await fetch(`${the.demo.backend.url}/api/faults`)).json()
    await expect.poll(settings).toMatchObject({ settings: { pollIntervalMs: 500 } })
  })
})

describe('what the page counts', () => {
  const score = async (id: string) => (await the.opened.page.locator(`[data-score="${id}"]`).textContent()) ?? ''

  it('begins at zero on both sides', async () => {
    expect(await Promise.all(['changes', 'requests', 'direct', 'saved'].map(score))).toEqual(['0', '0', '0', '–'])
  })

  it('begins at zero also where the page is so slow that its feed catches up twice', async () => {
    await the.demo.closePages()
    // What a busy page hears late: the feed takes the attachment for one that may have missed a change. So late that the
    // page finds it late even if it stood still for a while when the join was answered.
    the.demo.backend.realtime.faults.set({ systemOkDelayMs: 2500 })
    const { page } = await the.demo.open()
    expect(await page.locator('[data-score="requests"]').textContent()).toBe('0')
    expect(Object.values(the.counts()).map(Number)).toEqual(queryNames.map(() => 3))
  })

  it('is the same on both sides for requests that no change has led to', async () => {
    const { page, calm } = the.opened
    await page.getByRole('checkbox', { name: /Show check-ins/ }).uncheck()
    await the.opened.receive(5, () => the.demo.backend.playStorm({ recorded: [{ atMs: 0, change: 'checkIn' }] }))
    await calm()
    const [requests, direct] = [Number(await score('requests')), Number(await score('direct'))]
    expect(requests).toBe(3)
    await page.getByRole('checkbox', { name: /Show check-ins/ }).check()
    await until(() => the.counts()['GET /api/partners'] === 1, 'the mounts')
    await page.locator('[data-score="requests"]').filter({ hasText: '6' }).waitFor()
    expect(Number(await score('direct'))).toBe(direct + 3)
  })

  it('ends with the run: the next one has no part in it, and it has none in the next', async () => {
    const { page, calm } = the.opened
    await page.getByRole('radio', { name: 'direct' }).check()
    await the.opened.receive(1, () => page.getByRole('button', { name: /^Check-in/ }).click())
    await page.getByText('Calm', { exact: true }).waitFor()
    const before = await Promise.all(['changes', 'requests', 'direct'].map(score))
    expect(before[1]).toBe(before[2])
    await page.getByRole('radio', { name: 'debounce' }).check()
    expect(await Promise.all(['changes', 'requests', 'direct'].map(score))).toEqual(before)
    await the.opened.receive(1, () => the.demo.backend.playStorm({ recorded: [{ atMs: 0, change: 'partner' }] }))
    await calm()
    await page.getByRole('heading', { name: 'Since the last run' }).waitFor()
    expect(await Promise.all(['changes', 'requests', 'direct'].map(score))).toEqual(['1', '2', '2'])
  })

  it('says of a card that it is behind for as long as it is', async () => {
    const { page, calm } = the.opened
    const states = page.locator('.query-state.is-behind')
    expect(await states.count()).toBe(0)
    the.demo.backend.api.setLatencyMs(5000)
    await the.opened.receive(1, () => the.demo.backend.playStorm({ recorded: [{ atMs: 0, change: 'partner' }] }))
    await page.locator('[data-score="behind"]').filter({ hasText: '2' }).waitFor()
    expect(await states.allTextContents()).toEqual(['behind', 'behind'])
    await calm()
    expect(await states.count()).toBe(0)
  })
})

describe('equal requests of a browser', () => {
  it('do not wait for each other, however slow the API is', async () => {
    const { page } = the.opened
    the.demo.backend.api.setLatencyMs(30_000)
    await page.getByRole('radio', { name: 'direct' }).check()
    // More at once than a browser opens connections; one after the other they would take minutes.
    const recorded = Array.from({ length: 15 }, (_, n) => ({ atMs: n * 20, change: 'partner' as const }))
    await the.opened.receive(15, () => the.demo.backend.playStorm({ recorded }))
    await until(() => the.counts()['GET /api/partners'] === 15, 'all requests')
    expect(the.counts()['GET /api/home-dashboard']).toBe(15)
  })
})
