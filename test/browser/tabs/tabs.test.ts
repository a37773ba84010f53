import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../../demo/server/backend.ts'
import { until } from '../../../demo/shared/until.ts'
import { launchBrowser } from '../support/launch.ts'
import type { TabReport } from './page.ts'

const here = import.meta.dirname
const sourceDir = join(here, '../../../src')

async function buildScript(): Promise<string> {
  const result = await build({
    configFile: false,
    root: here,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': JSON.stringify('production') },
    resolve: {
      alias: [
        { find: /^realtime-coalescer$/, replacement: join(sourceDir, 'index.ts') },
        { find: /^realtime-coalescer\/(\w+)$/, replacement: join(sourceDir, '$1.ts') },
      ],
    },
    build: { write: false, target: 'esnext', lib: { entry: join(here, 'page.ts'), formats: ['es'] } },
  })
  const [output] = Array.isArray(result) ? result : [result]
  const [chunk] = output && 'output' in output ? output.output : []
  if (chunk?.type !== 'chunk') throw new Error('Expected one script, got none.')
  return chunk.code
}

let backend: Backend
let browser: Awaited<ReturnType<typeof launchBrowser>>
let context: BrowserContext
let titles = 0

beforeAll(async () => {
  const script = await buildScript()
  const answer = (request: Request): Response => {
    const { pathname } = new URL(request.url)
    if (pathname === '/config.json') return Response.json({ url: backend.supabaseUrl, anonKey: backend.anonKey })
    if (pathname === '/page.js') return new Response(script, { headers: { 'content-type': 'text/javascript' } })
    if (pathname === '/elsewhere') return new Response('<p>elsewhere', { headers: { 'content-type': 'text/html' } })
    return new Response('<!doctype html><script type="module" src="/page.js"></script>', {
      headers: { 'content-type': 'text/html' },
    })
  }
  ;[backend, browser] = await Promise.all([startBackend({ page: answer }), launchBrowser()])
})
afterAll(async () => {
  await browser.close()
  await backend.stop()
})
afterEach(() => context.close())

const read = (page: Page): Promise<TabReport | undefined> =>
  page.evaluate(() => (globalThis as { report?: () => TabReport }).report?.())

async function all(pages: readonly Page[], holds: (report: TabReport) => boolean, what: string): Promise<void> {
  const giveUpAtMs = performance.now() + 60_000
  for (;;) {
    const reports = await Promise.all(pages.map(read))
    if (reports.every((report) => report && holds(report))) return
    if (performance.now() > giveUpAtMs) throw new Error(`In vain for ${what}: ${JSON.stringify(reports)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Opens tabs one after the other: the first one leads. */
async function openTabs(count: number): Promise<Page[]> {
  context = await browser.newContext()
  context.setDefaultTimeout(60_000)
  const pages: Page[] = []
  for (let at = 0; at < count; at += 1) {
    const page = await context.newPage()
    await page.goto(backend.url)
    await all([page], ({ status, shown }) => status === 'live' && shown !== '', 'a live tab')
    pages.push(page)
  }
  return pages
}

/** Changes the database, and waits until all of these screens show that. */
async function seeChange(pages: readonly Page[]): Promise<void> {
  titles += 1
  const title = `Title ${titles}`
  await backend.db.query(`update public.goals set title = '${title}' where id = 1`)
  await all(pages, ({ shown }) => shown.includes(title), title)
}

const sockets = (): number => backend.realtime.connections().length

/**
 * Lets a page stand still as it does when it is frozen; `Page.setWebLifecycleState` does so for hidden pages only, and a
 * headless browser has none. Returns what lets it go on.
 */
async function suspend(page: Page): Promise<() => Promise<unknown>> {
  const session = await context.newCDPSession(page)
  await session.send('Debugger.enable')
  const paused = new Promise((resolve) => session.once('Debugger.paused', resolve))
  await session.send('Debugger.pause')
  void page.evaluate(() => 0).catch(() => undefined)
  await paused
  return () => session.send('Debugger.resume')
}

describe('five tabs of a browser', () => {
  it('have one socket, and each shows every change', async () => {
    const pages = await openTabs(5)
    expect(sockets()).toBe(1)
    await seeChange(pages)
    await seeChange(pages)
    expect((await Promise.all(pages.map(read))).map((report) => [report?.catchUps, report?.errors])).toEqual(
      pages.map(() => [0, []]),
    )
    expect(sockets()).toBe(1)
  })

  const ways = {
    'is closed': (page: Page) => page.close(),
    navigates: (page: Page) => page.goto(`${backend.url}/elsewhere`),
    crashes: async (page: Page) => {
      const session = await context.newCDPSession(page)
      const crashed = page.waitForEvent('crash')
      void session.send('Page.crash').catch(() => undefined)
      await crashed
    },
    'is frozen': async (page: Page) => {
      await page.evaluate(() => document.dispatchEvent(new Event('freeze')))
      await suspend(page)
    },
  }

  it.each(Object.entries(ways))('have one again when the first %s, with one catch-up each', async (_, end) => {
    const [first, ...others] = await openTabs(5)
    if (!first) throw new Error('Expected five tabs.')
    await seeChange([first, ...others])
    const ended = end(first)
    // One change while nobody holds the connection, one when somebody does.
    await seeChange(others)
    await ended
    await all(others, ({ status, catchUps }) => status === 'live' && catchUps === 1, 'a catch-up')
    await seeChange(others)
    await until(() => sockets() === 1, 'one socket')
    expect((await Promise.all(others.map(read))).map((report) => report?.catchUps)).toEqual([1, 1, 1, 1])
  })

  it('have one again when the first is suspended without a word, which catches up when it goes on', async () => {
    const [first, ...others] = await openTabs(3)
    if (!first) throw new Error('Expected three tabs.')
    const resume = await suspend(first)
    await all(others, ({ status, catchUps }) => status === 'live' && catchUps === 1, 'a catch-up')
    await seeChange(others)
    await resume()
    await all([first], ({ status, shown }) => status === 'live' && shown.includes(`Title ${titles}`), 'the first tab')
    await seeChange([first, ...others])
    await until(() => sockets() === 1, 'one socket')
    await all([first], ({ catchUps }) => catchUps > 0, 'a catch-up of the first tab')
    expect((await Promise.all([first, ...others].map(read))).map((report) => report?.catchUps)).toEqual([1, 1, 1])
  })

  it('have one all the time when the first is out of sight, without a catch-up', async () => {
    const [first, ...others] = await openTabs(3)
    if (!first) throw new Error('Expected three tabs.')
    // A headless browser hides no page.
    await first.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
    })
    await until(() => sockets() === 2, 'the socket of another tab')
    await seeChange(others)
    await until(() => sockets() === 1, 'one socket')
    await seeChange(others)
    await first.close()
    await seeChange(others)
    const after = await Promise.all(others.map(read))
    expect(after.map((report) => [report?.status, report?.catchUps, report?.errors])).toEqual([
      ['live', 0, []],
      ['live', 0, []],
    ])
    expect(sockets()).toBe(1)
  })

  it('have one again when the first is kept for the back button, and go on together when it is back', async () => {
    const [first, ...others] = await openTabs(3)
    if (!first) throw new Error('Expected three tabs.')
    const leave = (type: string) =>
      first.evaluate((name) => void dispatchEvent(new PageTransitionEvent(name, { persisted: true })), type)
    await leave('pagehide')
    await all(others, ({ status, catchUps }) => status === 'live' && catchUps === 1, 'a catch-up')
    await seeChange(others)
    await leave('pageshow')
    await seeChange([first, ...others])
    await all([first], ({ status, catchUps }) => status === 'live' && catchUps === 1, 'a catch-up of the first tab')
    expect((await Promise.all([first, ...others].map(read))).map((report) => report?.catchUps)).toEqual([1, 1, 1])
    await until(() => sockets() === 1, 'one socket')
  })
})
