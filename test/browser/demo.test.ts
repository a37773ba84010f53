import { describe, expect, it } from 'vitest'
import { demoForEachTest } from './support/demo.ts'
import { record } from '../../demo/shared/scenarios.ts'
import { until } from '../../demo/shared/until.ts'
import { requestsOfCheckIn } from '../support/requestsOfCheckIn.ts'

const the = demoForEachTest()

describe('the app', () => {
  it('regenerates the motivation with one request for it', async () => {
    const { page, calm } = the.opened
    const message = page.locator('blockquote')
    const before = await message.textContent()
    await page.locator('.motivation').getByRole('button', { name: 'Regenerate' }).click()
    await until(() => the.counts()['POST /api/daily-motivations/regenerate'] === 1, 'the write')
    await calm()
    expect(the.counts()).toEqual({
      'GET /api/daily-motivations/today': 1,
      'GET /api/home-dashboard': 1,
      'POST /api/daily-motivations/regenerate': 1,
    })
    expect(await message.textContent()).not.toBe(before)
    await the.opened.expectEqualsDatabase()
    expect(the.opened.problems).toEqual([])
  })

  it('checks in with one request for each endpoint that is affected', async () => {
    await the.opened.page.getByRole('button', { name: 'Check in: Read before bed' }).click()
    await until(() => the.counts()['POST /api/check-ins'] === 1, 'the write')
    await the.opened.calm()
    expect(the.counts()).toEqual(requestsOfCheckIn)
    await the.opened.expectEqualsDatabase()
    expect(the.opened.problems).toEqual([])
  })

  it('shows the requests the server has counted', async () => {
    const { page, calm } = the.opened
    await page.getByRole('button', { name: /^Check-in/ }).click()
    await until(() => the.counts()['GET /api/goals'] === 1, 'a request')
    await calm()
    for (const [endpoint, count] of Object.entries(the.counts())) {
      expect(await page.locator(`[data-endpoint="${endpoint}"] .count.made`).textContent()).toBe(String(count))
    }
    expect(await page.locator('[data-score="requests"]').textContent()).toBe('6')
    expect(Number(await page.locator('[data-score="direct"]').textContent())).toBeGreaterThan(6)
  })

  it('fetches no query that is not shown', async () => {
    const { page, calm } = the.opened
    await page.getByRole('checkbox', { name: /Show check-ins/ }).uncheck()
    await page.getByRole('button', { name: /^Check-in/ }).click()
    await until(() => the.counts()['GET /api/goals'] === 1, 'a request')
    await calm()
    expect(Object.keys(the.counts())).toEqual([
      'GET /api/daily-summaries/today',
      'GET /api/goals',
      'GET /api/home-dashboard',
    ])
    await page.getByRole('checkbox', { name: /Show check-ins/ }).check()
    await calm()
    await the.opened.expectEqualsDatabase()
  })
})

describe('in a storm', () => {
  it('the strategy can be switched by hand, and nothing is stale at the end', async () => {
    const { page, calm } = the.opened
    const ending = new AbortController()
    const storm = (async () => {
      while (!ending.signal.aborted) await the.demo.backend.playStorm({ recorded: record(5, 80) })
    })()
    for (const name of ['batch', 'perKey', 'direct', 'hybrid', 'debounce']) {
      await the.opened.receive(5)
      await page.getByRole('radio', { name }).check()
    }
    await the.opened.receive(5)
    ending.abort()
    await storm
    await calm()
    await the.opened.expectEqualsDatabase()
    expect(await page.locator('.switch-mark').count()).toBe(5)
    expect(the.opened.problems).toEqual([])
  })

  it('the panel lights collecting, then flushing', async () => {
    const { page } = the.opened
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
    await until(() => the.counts()['GET /api/goals'] === 1, 'a request')
    await the.opened.calm()
    const phases = await page.evaluate(() => (window as unknown as { phases: string[] }).phases)
    expect(phases.slice(0, 3)).toEqual(['collecting', 'flushing', 'idle'])
  })
})

describe('when the feed is dropped', () => {
  it('and restored, the page equals the database', async () => {
    const { page } = the.opened
    await page.getByRole('checkbox', { name: 'The feed is down' }).check()
    await page.getByRole('status').filter({ hasText: 'Feed interrupted' }).waitFor()
    await the.demo.backend.db.query(`update public.goals set title = 'Missed' where id = 2`)
    await the.demo.backend.db.query(`delete from public.check_ins where id = (select min(id) from public.check_ins)`)
    await page.getByRole('checkbox', { name: 'The feed is down' }).uncheck()
    await page.getByText('Missed').waitFor()
    await page.locator('[data-calm="true"]').waitFor()
    // Once; and seconds later once more if the feed was late to attach.
    const counts = Object.values(the.counts())
    expect(counts).toHaveLength(7)
    expect(Math.max(...counts)).toBeLessThanOrEqual(2)
    await the.opened.expectEqualsDatabase()
  })
})

describe('without a network', () => {
  it('the page says that requests wait', async () => {
    const { page } = the.opened
    const told = page.getByRole('status').filter({ hasText: 'Offline' })
    await page.evaluate(() => window.dispatchEvent(new Event('offline')))
    await told.waitFor()
    await page.evaluate(() => window.dispatchEvent(new Event('online')))
    await told.waitFor({ state: 'detached' })
    expect(the.opened.problems).toEqual([])
  })
})

describe('a hidden page', () => {
  it('makes no request, and catches up once when it is shown again', async () => {
    const { page, calm } = the.opened
    // The headless shell reports every tab as visible, whatever is in front of it, minimized or frozen.
    const setVisibility = (state: 'visible' | 'hidden') =>
      page.evaluate((visibility) => {
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => visibility })
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => visibility === 'hidden' })
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
      }, state)
    await setVisibility('hidden')
    // Longer than any event may wait for its flush.
    await the.demo.backend.playStorm({ ratePerSecond: 40, durationMs: 2000 })
    await the.opened.receiveAll()
    expect(the.counts()).toEqual({})
    await setVisibility('visible')
    await until(() => Object.keys(the.counts()).length > 0, 'the catch-up')
    await calm()
    expect(new Set(Object.values(the.counts()))).toEqual(new Set([1]))
    await the.opened.expectEqualsDatabase()
    expect(the.opened.problems).toEqual([])
  })
})

describe('the Stately inspector', () => {
  it('without a network says so at once', async () => {
    const { page } = the.opened
    await page.context().route('https://stately.ai/**', (route) => route.abort('internetdisconnected'))
    await page.getByRole('button', { name: 'Stately inspector' }).click()
    const problem = page.getByRole('alert').filter({ hasText: 'stately.ai cannot be reached' })
    // Once the inspector has been waited for in vain, the page says something else.
    await problem.waitFor()
    await page.getByRole('button', { name: 'Local inspector' }).click()
    await problem.waitFor({ state: 'hidden' })
    expect(await page.getByRole('alert').count()).toBe(0)
  })
})

describe('faults', () => {
  it('explain the errors that the console shows', async () => {
    const { page } = the.opened
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
