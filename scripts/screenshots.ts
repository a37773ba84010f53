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

const demo = await startDemo()
try {
  await mkdir(imagesDir, { recursive: true })
  for (const { name, colorScheme, viewport, part } of views) {
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
      await page.getByText('Drawing…').waitFor({ state: 'hidden' })
      await page.locator(part).screenshot({ path })
    }
    console.log(path)
    await demo.closePages()
  }
} finally {
  await demo.stop()
}
