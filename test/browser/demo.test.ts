import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Demo, type OpenPage, startDemo } from './support/demo.ts'
import { playScenario } from '../../demo/shared/playScenario.ts'
import { record } from '../../demo/shared/scenarios.ts'
import { until } from '../../demo/shared/until.ts'

let demo: Demo
let opened: OpenPage

beforeAll(async () => {
  demo = await startDemo({ isDevelopment: true })
})
afterAll(() => demo.stop())
beforeEach(async () => {
  demo.backend.api.setLatencyMs(0)
  demo.backend.realtime.faults.reset()
  opened = await demo.open()
  demo.backend.api.resetCounts()
})
afterEach(() => demo.closePages())

const counts = () => demo.backend.api.counts()

describe('the app', () => {
  it('regenerates the motivation with one request for it', async () => {
    const { page, calm } = opened
    const message = page.locator('blockquote')
    const before = await message.textContent()
    await page.locator('.motivation').getByRole('button', { name: 'Regenerate' }).click()
    await until(() => counts()['POST /api/daily-motivations/regenerate'] === 1, 'the write')
    await calm()
    expect(counts()).toEqual({
      'GET /api/daily-motivations/today': 1,
      'GET /api/home-dashboard': 1,
      'POST /api/daily-motivations/regenerate': 1,
    })
    expect(await message.textContent()).not.toBe(before)
    await opened.expectEqualsDatabase()
    expect(opened.problems).toEqual([])
  })

  it('checks in with one request for each endpoint that is affected', async () => {
    await opened.page.getByRole('button', { name: 'Check in: Read before bed' }).click()
    await until(() => counts()['POST /api/check-ins'] === 1, 'the write')
    await opened.calm()
    expect(counts()).toEqual({
      'GET /api/analytics': 1,
      'GET /api/check-ins': 1,
      'GET /api/daily-summaries/today': 1,
      'GET /api/goals': 1,
      'GET /api/home-dashboard': 1,
      'GET /api/partners': 1,
      'POST /api/check-ins': 1,
    })
    await opened.expectEqualsDatabase()
    expect(opened.problems).toEqual([])
  })

  it('shows the requests the server has counted', async () => {
    const { page, calm } = opened
    await page.getByRole('button', { name: /^Check-in/ }).click()
    await until(() => counts()['GET /api/goals'] === 1, 'a request')
    await calm()
    for (const [endpoint, count] of Object.entries(counts())) {
      expect(await page.locator(`[data-endpoint="${endpoint}"] .count.made`).textContent()).toBe(String(count))
    }
    expect(await page.locator('[data-score="requests"]').textContent()).toBe('6')
    expect(Number(await page.locator('[data-score="direct"]').textContent())).toBeGreaterThan(6)
  })

  it('fetches no query that is not shown', async () => {
    const { page, calm } = opened
    await page.getByRole('checkbox', { name: /Show check-ins/ }).uncheck()
    await page.getByRole('button', { name: /^Check-in/ }).click()
    await until(() => counts()['GET /api/goals'] === 1, 'a request')
    await calm()
    expect(Object.keys(counts())).toEqual([
      'GET /api/daily-summaries/today',
      'GET /api/goals',
      'GET /api/home-dashboard',
    ])
    await page.getByRole('checkbox', { name: /Show check-ins/ }).check()
    await calm()
    await opened.expectEqualsDatabase()
  })
})

describe('in a storm', () => {
  it('the strategy can be switched by hand, and nothing is stale at the end', async () => {
    const { page, calm } = opened
    const ending = new AbortController()
    const storm = (async () => {
      while (!ending.signal.aborted) await demo.backend.playStorm({ recorded: record(5, 80) })
    })()
    for (const name of ['batch', 'perKey', 'direct', 'hybrid', 'debounce']) {
      await opened.receive(5)
      await page.getByRole('radio', { name }).check()
    }
    await opened.receive(5)
    ending.abort()
    await storm
    await calm()
    await opened.expectEqualsDatabase()
    expect(await page.locator('.switch-mark').count()).toBe(5)
    expect(opened.problems).toEqual([])
  })

  it('the panel lights collecting, then flushing', async () => {
    const { page } = opened
    await page.locator('.rtc-phase').first().waitFor()
    await page.evaluate(() => {
      const phases: string[] = []
      Object.assign(window, { phases })
      const chip = document.querySelector('.rtc-phase')
      if (!chip) throw new Error('The panel shows no phase.')
      new MutationObserver(() => phases.push(chip.textContent)).observe(chip, {
        subtree: true,
        characterData: true,
        childList: true,
      })
    })
    await page.getByRole('radio', { name: 'hybrid' }).check()
    await page.getByRole('button', { name: /^Check-in/ }).click()
    await until(() => counts()['GET /api/goals'] === 1, 'a request')
    await opened.calm()
    const phases = await page.evaluate(() => (window as unknown as { phases: string[] }).phases)
    expect(phases.slice(0, 3)).toEqual(['collecting', 'flushing', 'idle'])
  })

  it('all strategies can be compared over the same recording', async () => {
    const { page } = opened
    await page.getByRole('slider', { name: 'Duration' }).fill('500')
    await page.getByRole('button', { name: 'Compare all' }).click()
    await page.locator('.comparison tbody tr').nth(4).waitFor({ timeout: 60_000 })
    const rows = await page.locator('.comparison tbody tr').allInnerTexts()
    const requests = Object.fromEntries(
      rows.map((row) => [row.split(/\s+/)[0] ?? '', Number(/\d+/.exec(row)?.[0])] as const),
    )
    expect(Object.keys(requests)).toEqual(['direct', 'debounce', 'batch', 'perKey', 'hybrid'])
    for (const name of ['debounce', 'batch', 'perKey', 'hybrid']) {
      expect(requests[name]).toBeLessThan(requests.direct ?? 0)
    }
    await page.getByText('Calm', { exact: true }).waitFor()
    expect(await page.getByRole('radio', { name: 'debounce' }).isChecked()).toBe(true)
  })
})

describe('all strategies, compared on the page', () => {
  it('cost what `npm run storm` says for the same storm', async () => {
    const { page } = opened
    await page.getByRole('slider', { name: 'Rate' }).fill('100')
    await page.getByRole('slider', { name: 'Duration' }).fill('2000')
    await page.getByRole('slider', { name: 'API latency' }).fill('20')
    await page.getByRole('button', { name: 'Compare all' }).click()
    await page.getByText('Calm', { exact: true }).waitFor({ state: 'hidden' })
    await page.getByText('Calm', { exact: true }).waitFor({ timeout: 100_000 })
    const rows = await page.locator('.comparison tbody tr').allInnerTexts()
    const requests = new Map(rows.map((row) => [row.split(/\s+/)[0], Number(/\d+/.exec(row)?.[0])]))
    await demo.closePages()
    const direct = await playScenario(demo.backend, 'c', 'direct')
    const debounce = await playScenario(demo.backend, 'c', 'debounce')
    expect(requests.get('direct')).toBe(direct.totalRequests)
    // How many flushes a storm takes depends on how fast the machine makes it.
    const share = (count = 0) => count / direct.totalRequests
    expect(Math.abs(share(requests.get('debounce')) - share(debounce.totalRequests))).toBeLessThan(0.1)
  })
})

describe('when the feed is dropped', () => {
  it('and restored, the page equals the database', async () => {
    const { page } = opened
    await page.getByRole('checkbox', { name: 'The feed is down' }).check()
    await page.getByRole('status').filter({ hasText: 'Feed interrupted' }).waitFor()
    await demo.backend.db.query(`update public.goals set title = 'Missed' where id = 2`)
    await demo.backend.db.query(`delete from public.check_ins where id = (select min(id) from public.check_ins)`)
    await page.getByRole('checkbox', { name: 'The feed is down' }).uncheck()
    await page.getByText('Missed').waitFor()
    await page.locator('[data-calm="true"]').waitFor()
    expect(Object.values(counts())).toEqual([1, 1, 1, 1, 1, 1, 1])
    await opened.expectEqualsDatabase()
  })
})

describe('a hidden page', () => {
  it('makes no request, and catches up once when it is shown again', async () => {
    const { page, calm } = opened
    // The headless shell reports every tab as visible, whatever is in front of it, minimized or frozen.
    const setVisibility = (state: 'visible' | 'hidden') =>
      page.evaluate((visibility) => {
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => visibility })
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => visibility === 'hidden' })
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
      }, state)
    await setVisibility('hidden')
    // Longer than any event may wait for its flush.
    await demo.backend.playStorm({ ratePerSecond: 40, durationMs: 2000 })
    await opened.receiveAll()
    expect(counts()).toEqual({})
    await setVisibility('visible')
    await until(() => Object.keys(counts()).length > 0, 'the catch-up')
    await calm()
    expect(new Set(Object.values(counts()))).toEqual(new Set([1]))
    await opened.expectEqualsDatabase()
    expect(opened.problems).toEqual([])
  })
})

describe('what the page counts', () => {
  const score = async (id: string) => (await opened.page.locator(`[data-score="${id}"]`).textContent()) ?? ''

  it('begins at zero on both sides', async () => {
    expect(await Promise.all(['changes', 'requests', 'direct', 'saved'].map(score))).toEqual(['0', '0', '0', '–'])
  })

  it('is the same on both sides for requests that no change has led to', async () => {
    const { page, calm } = opened
    await page.getByRole('checkbox', { name: /Show check-ins/ }).uncheck()
    await opened.receive(5, () => demo.backend.playStorm({ recorded: [{ atMs: 0, change: 'checkIn' }] }))
    await calm()
    const [requests, direct] = [Number(await score('requests')), Number(await score('direct'))]
    expect(requests).toBe(3)
    await page.getByRole('checkbox', { name: /Show check-ins/ }).check()
    await until(() => counts()['GET /api/partners'] === 1, 'the mounts')
    await page.locator('[data-score="requests"]').filter({ hasText: '6' }).waitFor()
    expect(Number(await score('direct'))).toBe(direct + 3)
  })

  it('ends with the run: the next one has no part in it, and it has none in the next', async () => {
    const { page, calm } = opened
    await page.getByRole('radio', { name: 'direct' }).check()
    await page.getByRole('button', { name: /^Check-in/ }).click()
    await page.getByText('Calm', { exact: true }).waitFor({ state: 'hidden' })
    await page.getByText('Calm', { exact: true }).waitFor()
    const before = await Promise.all(['changes', 'requests', 'direct'].map(score))
    expect(before[1]).toBe(before[2])
    await page.getByRole('radio', { name: 'debounce' }).check()
    expect(await Promise.all(['changes', 'requests', 'direct'].map(score))).toEqual(before)
    await opened.receive(1, () => demo.backend.playStorm({ recorded: [{ atMs: 0, change: 'partner' }] }))
    await calm()
    await page.getByRole('heading', { name: 'Since the last run' }).waitFor()
    expect(await Promise.all(['changes', 'requests', 'direct'].map(score))).toEqual(['1', '2', '2'])
  })

  it('says of a card that it is behind for as long as it is', async () => {
    const { page, calm } = opened
    const states = page.locator('.query-state.is-behind')
    expect(await states.count()).toBe(0)
    demo.backend.api.setLatencyMs(5000)
    await opened.receive(1, () => demo.backend.playStorm({ recorded: [{ atMs: 0, change: 'partner' }] }))
    await page.locator('[data-score="behind"]').filter({ hasText: '2' }).waitFor()
    expect(await states.allTextContents()).toEqual(['behind', 'behind'])
    await calm()
    expect(await states.count()).toBe(0)
  })
})

describe('the first screen', () => {
  it.each([
    [390, 844],
    [768, 900],
    [1280, 900],
  ])('of %d × %d px invites with one button, and shows by it what the library saves', async (width, height) => {
    const { page } = opened
    await page.setViewportSize({ width, height })
    const button = page.getByRole('button', { name: 'Show me' })
    const box = await button.boundingBox()
    expect((box?.y ?? height) + (box?.height ?? 0)).toBeLessThan(height)
    if (width !== 1280) return
    await button.click()
    await page.getByRole('button', { name: 'Once more' }).waitFor()
    const [without = 0, together = 0] = (await page.locator('[data-twice]').allTextContents()).map((text) =>
      Number.parseInt(text, 10),
    )
    expect(without).toBeGreaterThan(500)
    expect(together).toBeLessThan(without / 4)
    const verdict = await page.locator('.twice-verdict').textContent()
    expect(verdict).toContain(`${Math.round(100 * (1 - together / without))} % fewer requests.`)
    expect(verdict).toContain('equals the database')
    // What the library says it has saved is what the other run has really cost.
    expect(await page.locator('[data-score="direct"]').textContent()).toBe(String(without))
    expect(await page.getByRole('radio', { name: 'debounce' }).isChecked()).toBe(true)
    expect(opened.problems).toEqual([])
  })
})

describe('equal requests of a browser', () => {
  it('do not wait for each other, however slow the API is', async () => {
    const { page } = opened
    demo.backend.api.setLatencyMs(2000)
    await page.getByRole('radio', { name: 'direct' }).check()
    // More at once than a browser opens connections; one after the other they would take half a minute.
    const recorded = Array.from({ length: 15 }, (_, n) => ({ atMs: n * 20, change: 'partner' as const }))
    await opened.receive(15, () => demo.backend.playStorm({ recorded }))
    await until(() => counts()['GET /api/partners'] === 15, 'all requests', 1500)
    expect(counts()['GET /api/home-dashboard']).toBe(15)
  })
})

describe('the Stately inspector', () => {
  it('without a network says so at once', async () => {
    const { page } = opened
    await page.context().route('https://stately.ai/**', (route) => route.abort('internetdisconnected'))
    await page.getByRole('button', { name: 'Stately inspector' }).click()
    const problem = page.getByRole('alert').filter({ hasText: 'stately.ai cannot be reached' })
    // Not only once the inspector has been waited for in vain, which takes ten seconds.
    await problem.waitFor({ timeout: 3000 })
    await page.getByRole('button', { name: 'Local inspector' }).click()
    await problem.waitFor({ state: 'hidden' })
    expect(await page.getByRole('alert').count()).toBe(0)
  })
})

describe('faults', () => {
  it('explain the errors that the console shows', async () => {
    const { page } = opened
    await page.getByRole('checkbox', { name: 'The feed is down' }).check()
    await page.getByText(/console tells of a failed WebSocket connection/).waitFor()
    await page.getByRole('checkbox', { name: 'The feed is down' }).uncheck()
    await page.getByText(/console tells of a failed WebSocket connection/).waitFor({ state: 'hidden' })
    await page.getByRole('checkbox', { name: /of the requests fail/ }).check()
    await page.getByText(/console tells of a 500/).waitFor()
    await page.getByRole('checkbox', { name: /of the requests fail/ }).uncheck()
    expect(await page.locator('.fault-notes p').count()).toBe(0)
  })
})
