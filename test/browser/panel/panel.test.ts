import axe from 'axe-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findIssues } from '../support/findIssues.ts'
import { launchBrowser } from '../support/launch.ts'
import type { PanelPage } from './page.tsx'
import { type PanelServer, servePanel } from './serve.ts'

declare const page: PanelPage

let server: PanelServer
let browser: Browser
let context: BrowserContext
let tab: Page
const problems: string[] = []

beforeAll(async () => {
  ;[server, browser] = await Promise.all([servePanel('development'), launchBrowser()])
  // axe comes from outside of the page's policy, as an extension would.
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  context.setDefaultTimeout(60_000)
  tab = await context.newPage()
  tab.on('console', (message) => {
    // The test drops the feed, which the library tells of.
    const isKnown = message.text().includes('feedFailed')
    if (!isKnown && (message.type() === 'error' || message.type() === 'warning')) problems.push(message.text())
  })
  tab.on('pageerror', (error) => problems.push(error.message))
  await tab.goto(server.url)
  await tab.waitForFunction(() => page.realtime.getStatus() === 'live')
  await tab.evaluate(() => page.setOpen(true))
  await tab.getByRole('region', { name: 'Statechart: Strategy: debounce' }).locator('svg').waitFor()
  await tab.getByRole('region', { name: 'Statechart: Connection' }).scrollIntoViewIfNeeded()
  await tab.getByText('Drawing…').first().waitFor({ state: 'hidden' })
})
afterAll(async () => {
  await browser.close()
  await server.stop()
})

describe('the panel, under a strict content security policy and Trusted Types,', () => {
  it('draws its charts, and stands still in a storm', async () => {
    const topOf = () => tab.evaluate(() => document.querySelector('.rtc-timeline')?.getBoundingClientRect().top)
    await tab.evaluate(() => window.scrollTo(0, 0))
    const tops = new Set([await topOf()])
    await tab.evaluate(() => page.startStream(5))
    await tab.evaluate(() => page.feed.drop())
    for (let n = 0; n < 10; n += 1) {
      if (n === 4) await tab.evaluate(() => page.feed.rejoin())
      await tab.waitForTimeout(150)
      tops.add(await topOf())
    }
    await tab.evaluate(() => page.stopStream())
    expect([...tops]).toHaveLength(1)
    await tab.evaluate(() => page.coalescer.settled())
    await tab.locator('.rtc-timeline [data-type="flush"]').first().waitFor()
    expect(await tab.locator('.rtc-drawing svg').count()).toBeGreaterThan(5)
    expect(problems).toEqual([])
  })

  it('shows the state in which a machine rests, however wide its chart is', async () => {
    const waitUntilSeen = (strategy: string) =>
      tab.waitForFunction((id) => {
        const state = document.querySelector(`.rtc-drawing [data-id="${id}"][data-lit="active"]`)
        const frame = state?.closest('.rtc-drawing')?.getBoundingClientRect()
        const box = state?.getBoundingClientRect()
        return frame && box && box.left >= frame.left && box.right <= frame.right
      }, `coalescer_strategy_${strategy}`)
    await waitUntilSeen('debounce')
    await tab.evaluate(() => page.coalescer.switchStrategy('perKey'))
    await waitUntilSeen('perKey')
    await tab.evaluate(() => page.coalescer.switchStrategy('debounce'))
    await waitUntilSeen('debounce')
    expect(problems).toEqual([])
  })

  it.each(['light', 'dark'] as const)(
    '%s has no serious accessibility issue at any width, and nothing overlaps',
    async (colorScheme) => {
      await tab.emulateMedia({ colorScheme })
      const summary = tab.locator('.rtc-summary').first()
      if ((await summary.getAttribute('aria-expanded')) === 'false') await summary.click()
      for (const width of [390, 600, 768, 1024, 1280]) {
        await tab.setViewportSize({ width, height: 900 })
        expect([width, await findOverlaps(tab)]).toEqual([width, []])
        const isAudited = width !== 600 && width !== 1024
        expect([width, isAudited ? await findIssues(tab, axe.source) : []]).toEqual([width, []])
      }
      expect(problems).toEqual([])
    },
  )

  it('shows a chart as large as asked for, and folds its regions up', async () => {
    const chart = tab.locator('figure[data-machine]').filter({ hasText: 'Connection' })
    const svg = chart.locator('svg').first()
    const widthAt = async (zoom: string) => {
      await chart.getByLabel('Zoom of Connection').selectOption(zoom)
      return (await svg.boundingBox())?.width ?? 0
    }
    const full = await widthAt('100 %')
    expect(await widthAt('200 %')).toBeCloseTo(2 * full, 0)
    await widthAt('Fit')
    for (const isOpen of [true, false]) {
      const region = chart.locator(`.rtc-region button[aria-expanded="${isOpen}"]`).first()
      const name = ((await region.textContent()) ?? '').split(' ')[0] ?? ''
      await region.click()
      const drawing = chart.locator('.rtc-region').filter({ hasText: name }).first().locator('svg')
      expect([name, await drawing.isVisible()]).toEqual([name, !isOpen])
    }
  })

  it('is walked through with the keyboard from top to bottom', async () => {
    await tab.setViewportSize({ width: 1280, height: 900 })
    await tab.locator('.rtc select').first().focus()
    const visited: string[] = []
    for (let n = 0; n < 40; n += 1) {
      visited.push(
        await tab.evaluate(() => {
          const at = document.activeElement
          return at?.getAttribute('aria-label') ?? at?.getAttribute('type') ?? at?.tagName.toLowerCase() ?? ''
        }),
      )
      await tab.keyboard.press('Tab')
    }
    const order = [
      'select',
      'Pending keys, the oldest first',
      'search',
      'Timeline entries',
      'Statechart: Strategy: debounce',
    ]
    const places = order.map((name) => visited.indexOf(name))
    expect(places.filter((place) => place === -1)).toEqual([])
    expect(places).toEqual([...places].sort((a, b) => a - b))
  })

  it.each([0, 120])(
    'what is read, scrolled down by %i px, stays where it is while more comes in above',
    async (down) => {
      const flushOne = () => tab.evaluate(() => page.coalescer.scheduleInvalidate(['nowhere'], { urgent: true }))
      for (let n = 0; n < 30; n += 1) await flushOne()
      await tab.locator('.rtc-timeline .rtc-summary').nth(25).waitFor()
      const frame = tab.locator('.rtc-timeline .rtc-scroll')
      await frame.evaluate((element, top) => void (element.scrollTop = top), down)
      const read = await tab.locator('.rtc-timeline .rtc-summary').nth(8).elementHandle()
      if (down === 0) await read?.click()
      const topOf = async () => (await read?.boundingBox())?.y ?? 0
      const newest = () => tab.locator('.rtc-timeline time').first().textContent()
      const before = await topOf()
      for (let n = 0; n < 3; n += 1) {
        const last = await newest()
        await flushOne()
        await expect.poll(newest).not.toBe(last)
        expect(Math.abs((await topOf()) - before)).toBeLessThan(1)
      }
      if (down === 0) await read?.click()
      await frame.evaluate((element) => void (element.scrollTop = 0))
    },
  )
})

/** Parts of the panel that reach into each other, or out of it. */
function findOverlaps(of: Page): Promise<string[]> {
  return of.evaluate(() => {
    const panel = document.querySelector('.rtc')?.getBoundingClientRect()
    const parts = [
      ...document.querySelectorAll<HTMLElement>(
        '.rtc header > *, .rtc-counters > div, .rtc-controls button, .rtc-controls select, .rtc-controls summary, .rtc-bar-of-tools > *, .rtc-pending .rtc-scroll, .rtc-timeline .rtc-scroll, .rtc-chart figcaption, .rtc-drawing',
      ),
    ].filter((part) => !part.classList.contains('rtc-hidden') && part.checkVisibility())
    const found: string[] = []
    const nameOf = (part: HTMLElement): string => part.className || part.textContent.slice(0, 20)
    for (const [index, part] of parts.entries()) {
      const a = part.getBoundingClientRect()
      if (panel && (a.left < panel.left - 0.5 || a.right > panel.right + 0.5)) found.push(`${nameOf(part)} sticks out`)
      if (part.closest('.rtc-counters') && part.scrollWidth > part.clientWidth) found.push(`${nameOf(part)} is cut off`)
      for (const other of parts.slice(index + 1)) {
        const b = other.getBoundingClientRect()
        const isApart =
          a.right <= b.left + 0.5 || b.right <= a.left + 0.5 || a.bottom <= b.top + 0.5 || b.bottom <= a.top + 0.5
        if (!isApart && !part.contains(other)) found.push(`${nameOf(part)} and ${nameOf(other)}`)
      }
    }
    if (document.documentElement.scrollWidth > document.documentElement.clientWidth)
      found.push('the page scrolls sideways')
    return found
  })
}
