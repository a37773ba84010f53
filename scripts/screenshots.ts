import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startDemo } from '../test/browser/support/demo.ts'

const imagesDir = join(import.meta.dirname, '../docs/images')

const views = [
  { name: 'demo-wide-light', colorScheme: 'light', viewport: { width: 1280, height: 1270 }, part: undefined },
  { name: 'demo-wide-dark', colorScheme: 'dark', viewport: { width: 1280, height: 1270 }, part: undefined },
  { name: 'demo-narrow-light', colorScheme: 'light', viewport: { width: 390, height: 1240 }, part: undefined },
  { name: 'demo-narrow-dark', colorScheme: 'dark', viewport: { width: 390, height: 1240 }, part: undefined },
  { name: 'devtools-wide-light', colorScheme: 'light', viewport: { width: 1280, height: 900 }, part: '.inside .panel' },
  { name: 'devtools-wide-dark', colorScheme: 'dark', viewport: { width: 1280, height: 900 }, part: '.inside .panel' },
  { name: 'devtools-narrow-dark', colorScheme: 'dark', viewport: { width: 390, height: 844 }, part: '.inside .panel' },
] as const

/** `npm run docs:screenshots -- demo-wide-light` retakes only what is named. */
const named = process.argv.slice(2)
const isWanted = (name: string): boolean => named.length === 0 || named.includes(name)

const demo = await startDemo({ isDevelopment: true })
try {
  await mkdir(imagesDir, { recursive: true })
  for (const { name, colorScheme, viewport, part } of views.filter(({ name }) => isWanted(name))) {
    const opened = await demo.open({ colorScheme, viewport, reducedMotion: 'reduce' })
    const { page } = opened
    const { backend } = demo
    backend.api.setLatencyMs(80)
    await page.getByRole('button', { name: 'Show me' }).click()
    await page.getByRole('button', { name: 'Once more' }).waitFor({ timeout: 120_000 })
    await opened.calm()
    const path = join(imagesDir, `${name}.png`)
    if (part === undefined) await page.screenshot({ path })
    else {
      // Charts are drawn once they come into view.
      await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight))
      await page.waitForFunction(() => {
        const charts = [...document.querySelectorAll('.rtc-drawing')]
        return charts.length > 2 && charts.every((chart) => chart.querySelector('svg') !== null)
      })
      // The window grows for a part taller than itself: the first picture may show the page before it is laid out for that.
      await page.locator(part).screenshot()
      await page.locator(part).screenshot({ path })
    }
    console.log(path)
    await demo.closePages()
  }
  for (const colorScheme of ['light', 'dark'] as const) {
    const name = `inspector-${colorScheme}`
    if (!isWanted(name)) continue
    const opened = await demo.open({ colorScheme, viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce' })
    demo.backend.api.setLatencyMs(80)
    const popup = opened.page.waitForEvent('popup')
    await opened.page.getByRole('button', { name: 'Local inspector' }).click()
    const inspector = await popup
    await inspector.setViewportSize({ width: 1280, height: 860 })
    await inspector.getByText('["check-ins"] answered').waitFor()
    await opened.calm()
    await inspector.getByRole('button', { name: 'strategy: debounce: collecting' }).click()
    const path = join(imagesDir, `${name}.png`)
    await inspector.screenshot({ path })
    console.log(path)
    await demo.closePages()
  }
} finally {
  await demo.stop()
}
