import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../../demo/shared/until.ts'
import { findIssues } from './support/findIssues.ts'
import { type Demo, type OpenPage, startDemo } from './support/demo.ts'

let demo: Demo
let opened: OpenPage

beforeAll(async () => {
  demo = await startDemo({ isDevelopment: true })
})
afterAll(() => demo.stop())

describe('the page', () => {
  afterEach(() => demo.closePages())

  it.each(['light', 'dark'] as const)(
    '%s has no serious accessibility issue and fits its window, whatever its width',
    async (colorScheme) => {
      opened = await demo.open({ colorScheme })
      const { page } = opened
      await page.getByRole('slider', { name: 'Duration' }).fill('500')
      await opened.receive(25, () => page.getByRole('button', { name: /^Start a storm/ }).click())
      await page.getByRole('radio', { name: 'direct' }).check()
      await page.getByText('Calm', { exact: true }).waitFor()
      await opened.calm()
      for (const width of [360, 390, 768, 1280]) {
        await page.setViewportSize({ width, height: 900 })
        expect([width, await findOverflow(page)]).toEqual([width, 0])
        expect([width, width === 360 ? [] : await findIssues(page, axe.source)]).toEqual([width, []])
      }
      expect(opened.problems).toEqual([])
    },
  )

  it('can be used with the keyboard alone', async () => {
    opened = await demo.open()
    const { page } = opened
    demo.backend.api.resetCounts()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowRight')
    expect(await page.getByRole('radio', { name: 'batch' }).isChecked()).toBe(true)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await until(() => demo.backend.api.counts()['GET /api/daily-motivations/today'] === 1, 'a request')
    await opened.calm()
    await opened.expectEqualsDatabase()
  })

  it('keeps the focus on a button whose card is refetched', async () => {
    opened = await demo.open()
    const button = opened.page.getByRole('button', { name: 'Check in: Call a friend' })
    await button.focus()
    await opened.receive(5, () => opened.page.keyboard.press('Enter'))
    await opened.calm()
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true)
  })
})

describe('the local inspector', () => {
  const openInspector = async (): Promise<Page> => {
    const popup = opened.page.waitForEvent('popup')
    await opened.page.getByRole('button', { name: 'Local inspector' }).click()
    return popup
  }
  const rows = (page: Page) => page.locator('.row .arrow').allTextContents()

  beforeEach(async () => {
    opened = await demo.open()
  })
  afterEach(() => demo.closePages())

  it('shows a check-in at once, from the change to the answer, and can be used by everybody', async () => {
    const inspector = await openInspector()
    const problems: string[] = []
    inspector.on('pageerror', ({ message }) => problems.push(message))
    await inspector.getByRole('button', { name: 'request to query: ["check-ins"] answered' }).waitFor()
    await opened.calm()
    const seen = await rows(inspector)
    for (const step of [
      /^feed, app to coalescer: INVALIDATE check_ins:INSERT/,
      /^coalescer to strategy: debounce: PENDING/,
      /^strategy: debounce: collecting/,
      /^coalescer to flush: quiet: 6 keys, 6 to fetch/,
      /^query to request: \["check-ins"\]/,
      /^strategy: debounce: idle/,
    ]) {
      expect(seen.filter((row) => step.test(row))).not.toEqual([])
    }
    expect(await inspector.locator('[data-actor^="strategy"] [data-lit="active"]').allTextContents()).toHaveLength(1)
    for (const width of [390, 768, 1280]) {
      await inspector.setViewportSize({ width, height: 800 })
      expect([width, await findOverflow(inspector)]).toEqual([width, 0])
      for (const colorScheme of ['light', 'dark'] as const) {
        await inspector.emulateMedia({ colorScheme })
        expect([width, await findIssues(inspector, axe.source)]).toEqual([width, []])
      }
    }
    expect([...problems, ...opened.problems]).toEqual([])
  })

  it('leaves a window alone that has gone to another site, and opens another one', async () => {
    const first = await openInspector()
    await first.getByRole('button', { name: 'request to query: ["check-ins"] answered' }).waitFor()
    const body = '<!doctype html><title>Elsewhere</title><script>onmessage = () => (document.title = "told")</script>'
    await first.context().route('https://elsewhere.test/', (route) => route.fulfill({ contentType: 'text/html', body }))
    await first.evaluate(() => void (location.href = 'https://elsewhere.test/'))
    await first.waitForURL('https://elsewhere.test/')
    await opened.calm()
    const second = await openInspector()
    await second.getByRole('button', { name: 'request to query: ["check-ins"] answered' }).first().waitFor()
    await opened.calm()
    expect(await first.evaluate(() => [document.title, document.body.children.length])).toEqual(['Elsewhere', 0])
    expect(opened.problems).toEqual([])
  })

  it('still shows the flow after a storm of 5 000 changes', async () => {
    const inspector = await openInspector()
    await inspector.getByRole('button', { name: 'request to query: ["check-ins"] answered' }).waitFor()
    const insert = `insert into public.check_ins (user_id, goal_id, note, mood)
      select 7, 1 + n % 3, 'Storm', 3 from generate_series(1, 1000) as n`
    await opened.receive(5000, () => demo.backend.db.query(insert))
    await opened.calm()
    await opened.page.getByRole('radio', { name: 'perKey' }).check()
    await inspector.locator('[data-actor="strategy: perKey"][data-status="active"]').waitFor()
    await inspector.getByRole('button', { name: 'Clear' }).click()
    await opened.receive(5, () => opened.page.getByRole('button', { name: /^Check-in/ }).click())
    await opened.calm()
    await inspector.getByRole('button', { name: 'request to query: ["check-ins"] answered' }).waitFor()
    expect((await rows(inspector)).filter((row) => row.startsWith('coalescer to flush: quiet'))).not.toEqual([])
    await opened.expectEqualsDatabase()
    expect(opened.problems).toEqual([])
  })
})

describe('the policy of the page', () => {
  afterEach(() => demo.closePages())

  it('is violated by nothing that the panel, a storm, a check-in or the inspectors do', async () => {
    opened = await demo.open()
    const { page } = opened
    await page.context().route('https://stately.ai/**', (route) => route.abort('internetdisconnected'))
    await page.locator('.inside').scrollIntoViewIfNeeded()
    await page.locator('.rtc-drawing svg').first().waitFor()
    const popup = page.waitForEvent('popup')
    await page.getByRole('button', { name: 'Local inspector' }).click()
    const inspector = await popup
    await inspector.getByRole('button', { name: 'request to query: ["check-ins"] answered' }).waitFor()
    await opened.calm()
    await page.getByRole('slider', { name: 'Duration' }).fill('500')
    await opened.receive(25, () => page.getByRole('button', { name: /^Start a storm/ }).click())
    await page.getByRole('radio', { name: 'perKey' }).check()
    await page.getByText('Calm', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Stately inspector' }).click()
    await page.getByRole('alert').filter({ hasText: 'stately.ai cannot be reached' }).waitFor()
    expect(opened.problems.filter((problem) => !problem.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([])

    // What would violate it is heard of, in both windows.
    for (const window of [page, inspector]) {
      await window.evaluate(() => {
        const style = document.createElement('style')
        style.textContent = 'body { color: inherit }'
        document.head.append(style)
      })
    }
    const told = (part: string) => opened.problems.filter((one) => one.includes(part))
    await expect.poll(() => told('Content Security Policy')).toHaveLength(2)
    expect(told('policy violated: style-src')).not.toEqual([])
  })
})

describe('the Stately inspector', () => {
  afterEach(() => demo.closePages())

  it('is told definitions, events and snapshots in its window', async () => {
    opened = await demo.open()
    const receiver = `<!doctype html><script>
      window.told = []
      addEventListener('message', ({ data }) => told.push(data))
      opener.postMessage({ type: '@statelyai.connected' }, '*')
    </script>`
    const context = opened.page.context()
    await context.route('https://stately.ai/**', (route) => route.fulfill({ contentType: 'text/html', body: receiver }))
    const popup = opened.page.waitForEvent('popup')
    await opened.page.getByRole('button', { name: 'Stately inspector' }).click()
    const page = await popup
    const told = () =>
      page.evaluate(() => (window as unknown as { told: { type: string }[] }).told.map(({ type }) => type))
    const untilTold = (type: string) =>
      page.waitForFunction(
        (wanted) => (window as unknown as { told: { type: string }[] }).told.some((message) => message.type === wanted),
        type,
      )
    await untilTold('@xstate.snapshot')
    await opened.receive(5, () => opened.page.getByRole('button', { name: /^Check-in/ }).click())
    await opened.calm()
    await untilTold('@xstate.event')
    expect((await told()).filter((type) => type === '@xstate.actor').length).toBeGreaterThan(2)
    expect(opened.problems).toEqual([])
  })
})

/** By how many pixels a page is wider than its window. */
const findOverflow = (page: Page): Promise<number> =>
  page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth))
