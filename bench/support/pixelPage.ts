import { join } from 'node:path'
import { partialMatchKey } from '@tanstack/react-query'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import type { Backend } from '../../demo/server/backend.ts'
import { createApi } from '../../demo/shared/api.ts'
import { createQueries, pathOfQuery, queryNames } from '../../demo/shared/queries.ts'
import { type ScenarioName, scenarios } from '../../demo/shared/scenarios.ts'
import { keysOfTable } from '../../demo/shared/tables.ts'
import type { StrategyName } from '../../src/index.ts'
import type { PixelOptions, PixelProgress, PixelReading } from './followPixels.ts'

const pollMs = 25
const timeoutMs = 60_000

const titles: Record<keyof typeof pathOfQuery, string> = {
  motivation: 'Today’s motivation',
  goals: 'Goals',
  checkIns: 'Latest check-ins',
  partners: 'Partners',
  dashboard: 'Dashboard',
  analytics: 'Analytics',
  summary: 'Today so far',
}
const queries = createQueries(createApi(''))
const endpointOf = (name: keyof typeof pathOfQuery): string => `/api${pathOfQuery[name]}`
const pixelOptions: PixelOptions = {
  cards: Object.fromEntries(queryNames.map((name) => [endpointOf(name), titles[name]])),
  touched: Object.fromEntries(
    Object.entries(keysOfTable).map(([table, keys]) => [
      table,
      queryNames.filter((name) => keys.some((key) => partialMatchKey(queries[name].queryKey, key))).map(endpointOf),
    ]),
  ),
}

/** What runs in the page before its own scripts. */
async function bundleFollower(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'followPixels.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'follower',
    target: 'es2022',
  })
  return `${outputFiles[0]?.text}\nwindow.pixels = follower.followPixels(${JSON.stringify(pixelOptions)})`
}

/** What a scenario led to. */
export interface Measured extends PixelReading {
  /** GETs that the API counted. */
  readonly requests: number
}

/** The demo in a browser, and what of it is painted when. */
export class PixelPage {
  readonly #backend: Backend
  readonly #page: Page
  readonly #problems: string[] = []

  private constructor(backend: Backend, page: Page) {
    this.#backend = backend
    this.#page = page
    page.on('pageerror', ({ message }) => this.#problems.push(message))
    page.on('console', (message) => {
      if (message.type() === 'error') this.#problems.push(message.text())
    })
  }

  /** Opens the page as a user does, chooses the strategy, and waits until the page has nothing left to do. */
  static async open(backend: Backend, browser: Browser, strategy: StrategyName): Promise<PixelPage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    context.setDefaultTimeout(timeoutMs)
    const page = await context.newPage()
    const opened = new PixelPage(backend, page)
    backend.api.resetCounts()
    await page.addInitScript({ content: await bundleFollower() })
    await page.goto(backend.url)
    // The first data was fetched before the feed was live, so every query is fetched once more.
    const gets = queryNames.map((name) => `GET ${endpointOf(name)}`)
    await opened.#until('the first catch-up', () => gets.every((get) => (backend.api.counts()[get] ?? 0) >= 2))
    await page.getByRole('radio', { name: strategy }).check()
    await opened.#calm()
    await opened.#expectOneClock()
    // The first storm of a page compiles what the others run.
    await opened.#play('b')
    return opened
  }

  /** Plays a scenario so many times, each until a painted frame shows its last change. */
  async measure(scenario: ScenarioName, runs: number): Promise<Measured> {
    this.#backend.api.setLatencyMs(scenarios[scenario].latencyMs)
    this.#backend.api.resetCounts()
    await this.#page.evaluate(() => window.pixels.reset())
    for (let run = 0; run < runs; run += 1) await this.#play(scenario)
    const reading = await this.#page.evaluate(() => window.pixels.read())
    if (this.#problems.length > 0) throw new Error(`Expected a page without errors, got: ${this.#problems.join('; ')}.`)
    const gets = Object.entries(this.#backend.api.counts()).filter(([endpoint]) => endpoint.startsWith('GET '))
    return { ...reading, requests: gets.reduce((total, [, count]) => total + count, 0) }
  }

  close(): Promise<void> {
    return this.#page.context().close()
  }

  async #play(scenario: ScenarioName): Promise<void> {
    const { realtime } = this.#backend
    const framesBefore = realtime.stats.frames
    const { changes } = await this.#progress()
    await this.#backend.playStorm({ recorded: scenarios[scenario].recording })
    await realtime.drained()
    const due = changes + realtime.stats.frames - framesBefore
    await this.#until('a frame that shows the last change', (now) => now.changes >= due && now.behind === 0)
    await this.#calm()
  }

  #progress(): Promise<PixelProgress> {
    return this.#page.evaluate(() => window.pixels.progress())
  }

  #calm(): Promise<void> {
    return this.#page.locator('[data-calm="true"]').waitFor()
  }

  /** Polls from outside: a condition that the page checks itself would cost it time in every frame. */
  async #until(what: string, isReached: (progress: PixelProgress) => boolean): Promise<void> {
    const giveUpAtMs = performance.now() + timeoutMs
    for (let now = await this.#progress(); !isReached(now); now = await this.#progress()) {
      if (performance.now() > giveUpAtMs) {
        const requests = JSON.stringify(this.#backend.api.counts())
        throw new Error(
          `Waited ${timeoutMs} ms in vain for ${what}: ${now.changes} changes arrived, ${now.behind} behind, requests ${requests}, errors of the page: ${this.#problems.join('; ') || 'none'}.`,
        )
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }

  /** Commit times are compared with the page's clock. */
  async #expectOneClock(): Promise<void> {
    const before = Date.now()
    const inPage = await this.#page.evaluate(() => Date.now())
    const after = Date.now()
    if (inPage >= before && inPage <= after) return
    throw new Error(`Expected browser and server to share a clock, got ${inPage} in the page at ${before} to ${after}.`)
  }
}
