import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../../demo/shared/until.ts'
import { type Demo, type OpenPage, startDemo } from './support/demo.ts'

let demo: Demo
let opened: OpenPage

beforeAll(async () => {
  demo = await startDemo({ isDevelopment: true })
})
afterAll(() => demo.stop())

interface Violation {
  id: string
  impact: string
  nodes: { html: string; failureSummary: string }[]
}

/** What axe finds serious or critical, a line for each element. */
async function findIssues(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: axe.source })
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
    return (await axe.run()).violations
  })
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    )
}

describe('the page', () => {
  afterEach(() => demo.closePages())

  it.each([
    ['wide and light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
    ['wide and dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
    ['narrow and light', { colorScheme: 'light', viewport: { width: 360, height: 740 } }],
  ] as const)('%s has no serious accessibility issue and fits its window', async (_, options) => {
    opened = await demo.open(options)
    const { page } = opened
    await page.getByRole('slider', { name: 'Duration' }).fill('500')
    await opened.receive(25, () => page.getByRole('button', { name: /^Start a storm/ }).click())
    await page.getByRole('radio', { name: 'direct' }).check()
    await page.getByText('Calm', { exact: true }).waitFor()
    await opened.calm()
    expect(await findIssues(page)).toEqual([])
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(overflow).toBeLessThanOrEqual(0)
    expect(opened.problems).toEqual([])
  })

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

describe('the inspector', () => {
  const openInspector = async (): Promise<Page> => {
    const popup = opened.page.waitForEvent('popup')
    await opened.page.getByRole('button', { name: 'Local inspector' }).click()
    return popup
  }
  const read = async (page: Page, id: string) => Number(await page.locator(`#${id}`).textContent())
  const waitForMore = (page: Page, id: string, than: number) =>
    page.waitForFunction(([name, count]) => Number(document.querySelector(`#${name}`)?.textContent) > Number(count), [
      id,
      than,
    ] as const)
  const actorNames = (page: Page) => page.locator('#actors h3').allTextContents()

  beforeEach(async () => {
    opened = await demo.open()
  })
  afterEach(() => demo.closePages())

  it('is told definitions, events and snapshots', async () => {
    const inspector = await openInspector()
    await waitForMore(inspector, 'definitions', 2)
    expect(await actorNames(inspector)).toEqual(expect.arrayContaining(['coalescer', 'debounce', 'feed']))
    const [events, snapshots] = [await read(inspector, 'events'), await read(inspector, 'snapshots')]
    await opened.page.getByRole('button', { name: /^Check-in/ }).click()
    await waitForMore(inspector, 'events', events)
    await waitForMore(inspector, 'snapshots', snapshots)
    expect(opened.problems).toEqual([])
  })

  it('still is, after a storm of 5 000 changes, whether it was opened before or after', async () => {
    const early = await openInspector()
    await waitForMore(early, 'definitions', 2)
    const insert = `insert into public.check_ins (user_id, goal_id, note, mood)
      select 7, 1 + n % 3, 'Storm', 3 from generate_series(1, 1000) as n`
    await opened.receive(5000, () => demo.backend.db.query(insert))
    await opened.calm()
    // Of what happens within a second of the storm, only definitions and the last state of each actor must get through.
    await opened.page.getByRole('radio', { name: 'hybrid' }).check()
    await early.locator('#actors h3', { hasText: 'hybrid' }).waitFor()
    const [events, snapshots] = [await read(early, 'events'), await read(early, 'snapshots')]
    await opened.page.getByRole('radio', { name: 'perKey' }).check()
    await early.locator('#actors h3', { hasText: 'perKey' }).waitFor()
    await waitForMore(early, 'snapshots', snapshots)
    const checkIn = opened.page.getByRole('button', { name: /^Check-in/ })
    const readAfterCheckIn = async () => {
      await checkIn.click()
      return read(early, 'events')
    }
    await expect.poll(readAfterCheckIn, { interval: 500, timeout: 30_000 }).toBeGreaterThan(events)
    expect(await actorNames(early)).toEqual(expect.arrayContaining(['coalescer', 'debounce', 'feed', 'perKey']))
    await early.close()

    const late = await openInspector()
    await waitForMore(late, 'definitions', 2)
    expect(await actorNames(late)).toEqual(expect.arrayContaining(['coalescer', 'perKey', 'feed']))
    const orchestrator = late.locator('#actors article', { has: late.getByRole('heading', { name: 'coalescer' }) })
    expect(await orchestrator.locator('.value').textContent()).toContain('perKey')
    await opened.calm()
    await opened.expectEqualsDatabase()
    expect(opened.problems).toEqual([])
  })
})
