import { describe, expect, it } from 'vitest'
import { demoForEachTest } from './support/demo.ts'
import { playScenario } from '../../demo/shared/playScenario.ts'

const the = demoForEachTest()

describe('all strategies, compared on the page', () => {
  it('run over the same recording, each for fewer requests than direct', async () => {
    const { page } = the.opened
    await page.getByRole('slider', { name: 'Duration' }).fill('500')
    await page.getByRole('button', { name: 'Compare all' }).click()
    await page.locator('.comparison tbody tr').nth(5).waitFor()
    const rows = await page.locator('.comparison tbody tr').allInnerTexts()
    const requests = Object.fromEntries(
      rows.map((row) => [row.split(/\s+/)[0] ?? '', Number(/\d+/.exec(row)?.[0])] as const),
    )
    expect(Object.keys(requests)).toEqual(['direct', 'debounce', 'batch', 'perKey', 'hybrid', 'adaptive'])
    for (const name of ['debounce', 'batch', 'perKey', 'hybrid', 'adaptive']) {
      expect(requests[name]).toBeLessThan(requests.direct ?? 0)
    }
    await page.getByText('Calm', { exact: true }).waitFor()
    expect(await page.getByRole('radio', { name: 'debounce' }).isChecked()).toBe(true)
  })

  it('cost what `npm run storm` says for the same storm', async () => {
    const { page } = the.opened
    await page.getByRole('slider', { name: 'Rate' }).fill('100')
    await page.getByRole('slider', { name: 'Duration' }).fill('2000')
    await page.getByRole('slider', { name: 'API latency' }).fill('20')
    await page.getByRole('button', { name: 'Compare all' }).click()
    // The first two are direct and debounce; the storm under the third ends with the page.
    await page.locator('.comparison tbody tr').nth(1).waitFor()
    const rows = await page.locator('.comparison tbody tr').allInnerTexts()
    const requests = new Map(rows.map((row) => [row.split(/\s+/)[0], Number(/\d+/.exec(row)?.[0])]))
    await the.demo.closePages()
    const direct = await playScenario(the.demo.backend, 'c', 'direct')
    const debounce = await playScenario(the.demo.backend, 'c', 'debounce')
    expect(requests.get('direct')).toBe(direct.totalRequests)
    // How many flushes a storm takes depends on how fast the machine makes it.
    const share = (count = 0) => count / direct.totalRequests
    expect(Math.abs(share(requests.get('debounce')) - share(debounce.totalRequests))).toBeLessThan(0.1)
  })
})

describe('the first screen', () => {
  it.each([
    [390, 844],
    [768, 900],
    [1280, 900],
  ])('of %d × %d px invites with one button, and shows by it what the library saves', async (width, height) => {
    const { page } = the.opened
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
    // How much fewer depends on how fast the machine makes the storm.
    expect(together).toBeLessThan(without)
    const verdict = await page.locator('.twice-verdict').textContent()
    expect(verdict).toContain(`${Math.round(100 * (1 - together / without))} % fewer requests.`)
    expect(verdict).toContain('equals the database')
    // What the library says it has saved is what the other run has really cost.
    expect(await page.locator('[data-score="direct"]').textContent()).toBe(String(without))
    expect(await page.getByRole('radio', { name: 'debounce' }).isChecked()).toBe(true)
    expect(the.opened.problems).toEqual([])
  })
})
