import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type PageOptions, buildPage } from '../../../demo/app/build.ts'
import { servePage } from '../../../demo/app/serve.ts'
import { type Backend, startBackend } from '../../../demo/server/backend.ts'
import { launchBrowser } from './launch.ts'

/** The demo as a user has it: its backend, its built page, a real browser. */
export interface Demo {
  readonly backend: Backend
  readonly browser: Browser
  /** Opens the page and waits until its feed is live, its data is loaded, and nothing is left to do. */
  open(options?: Parameters<Browser['newContext']>[0]): Promise<OpenPage>
  closePages(): Promise<void>
  stop(): Promise<void>
}

export interface OpenPage {
  readonly page: Page
  /** Errors of the page and of windows it opened so far: console errors, uncaught exceptions, violations of its policy. */
  readonly problems: string[]
  /** Waits until so many more changes have arrived than before `action`. */
  receive(changes: number, action?: () => Promise<unknown>): Promise<void>
  /** Waits until every change so far has arrived. */
  receiveAll(): Promise<void>
  /** Waits until, in addition, the page has nothing left to do. */
  calm(): Promise<void>
  /** Fails unless every query on screen equals the database. */
  expectEqualsDatabase(): Promise<void>
}

export async function startDemo(options: PageOptions = {}): Promise<Demo> {
  const files = await buildPage(options)
  let backend: Backend | undefined
  const answer = servePage(files, () => {
    if (backend === undefined) throw new Error('The backend is not ready yet.')
    return backend
  })
  const [started, browser] = await Promise.all([startBackend({ page: answer }), launchBrowser()])
  backend = started
  return {
    backend: started,
    browser,
    open: (options) => openPage(started, browser, options),
    async closePages() {
      await Promise.all(browser.contexts().map((context) => context.close()))
    },
    async stop() {
      await browser.close()
      await started.stop()
    },
  }
}

const stepTimeoutMs = 240_000

async function openPage(
  backend: Backend,
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  context.setDefaultTimeout(stepTimeoutMs)
  const problems: string[] = []
  await context.exposeFunction('tellOfViolation', (violation: string) => problems.push(violation))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => {
      const { tellOfViolation } = window as unknown as { tellOfViolation(violation: string): void }
      tellOfViolation(`policy violated: ${violatedDirective} ${blockedURI} ${sample}`)
    })
  })
  const page = await context.newPage()
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(error.message))
  backend.api.resetCounts()
  await page.goto(backend.url)
  await page
    .getByRole('status')
    .filter({ hasText: 'Feed live' })
    .waitFor()
    .catch((cause: unknown) => {
      throw new Error(`The page did not start: ${problems.join('; ')}`, { cause })
    })
  const readReceived = async () => Number(await page.locator('[data-received]').getAttribute('data-received'))
  const receivedBefore = await readReceived()
  const deliveredBefore = backend.realtime.stats.captured - backend.realtime.stats.lost
  const readDelivered = async () => {
    await backend.realtime.drained()
    const { captured, lost } = backend.realtime.stats
    return receivedBefore + captured - lost - deliveredBefore
  }
  const receiveAll = async () => page.locator(`[data-received="${await readDelivered()}"]`).waitFor()
  const calm = async () => page.locator(`[data-received="${await readDelivered()}"][data-calm="true"]`).waitFor()
  await calm()
  return {
    page,
    problems,
    async receive(changes, action = () => Promise.resolve()) {
      const least = (await readReceived()) + changes
      await action()
      await page.waitForFunction(
        (count) => Number(document.querySelector('[data-received]')?.getAttribute('data-received')) >= count,
        least,
      )
    },
    receiveAll,
    calm,
    async expectEqualsDatabase() {
      await page.getByRole('button', { name: 'Compare with the database' }).click()
      const result = page.getByText(/equal the database|Different:/)
      await result.waitFor()
      expect(await result.textContent()).toMatch(/^All \d equal the database$/)
    },
  }
}

/** The demo for all tests of a file, with a page of its own for each test, counted from when it is calm. */
export function demoForEachTest(): {
  readonly demo: Demo
  readonly opened: OpenPage
  counts(): Record<string, number>
} {
  let demo: Demo | undefined
  let opened: OpenPage | undefined
  const started = (): Demo => {
    if (!demo) throw new Error('The demo runs only while tests do.')
    return demo
  }
  beforeAll(async () => {
    demo = await startDemo({ isDevelopment: true })
  })
  afterAll(() => demo?.stop())
  beforeEach(async () => {
    const { backend, open } = started()
    backend.api.setLatencyMs(0)
    backend.realtime.faults.reset()
    opened = await open()
    backend.api.resetCounts()
  })
  afterEach(() => demo?.closePages())
  return {
    get demo() {
      return started()
    },
    get opened() {
      if (!opened) throw new Error('A page is open only while a test runs.')
      return opened
    },
    counts: () => started().backend.api.counts(),
  }
}
