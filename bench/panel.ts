import type { Browser, CDPSession, Page } from 'playwright-core'
import type { PanelPage } from '../test/browser/panel/page.tsx'
import { servePanel } from '../test/browser/panel/serve.ts'
import { strategyNames } from '../demo/shared/strategies.ts'
import type { StrategyName } from '../src/index.ts'
import { launchBrowser } from '../test/browser/support/launch.ts'
import { type Goal, report, round } from './support/results.ts'

declare const page: PanelPage

const CHANGE_EVERY_MS = 10
const SECONDS = 3
const ROUNDS = 2

/** What the main thread of a page did for a while. */
interface Load {
  /** Share of the time that it worked, in percent. */
  readonly percent: number
  /** The longest task, in milliseconds of its own time. */
  readonly longestMs: number
  readonly elements: number
  readonly requests: number
}

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly dur?: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

/** Records the tasks of a page's main thread while something runs. */
async function trace(session: CDPSession, run: () => Promise<void>): Promise<readonly TraceEvent[]> {
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()))
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline', '__metadata'] },
  })
  await run()
  await session.send('Tracing.end')
  await complete
  return events
}

async function measure(browser: Browser, url: string, strategy: StrategyName, isOpen: boolean): Promise<Load> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const tab = await context.newPage()
  await tab.goto(url)
  await tab.waitForFunction(() => page.realtime.getStatus() === 'live')
  await tab.evaluate((open) => page.setOpen(open), isOpen)
  await tab.evaluate((name) => page.coalescer.switchStrategy(name), strategy)
  if (isOpen) await tab.getByText('Drawing…').first().waitFor({ state: 'hidden' })
  await tab.waitForTimeout(1500)
  const session = await context.newCDPSession(tab)
  const requestsBefore = await tab.evaluate(() => page.server.requests.length)
  const events = await trace(session, async () => {
    await tab.evaluate((everyMs) => page.startStream(everyMs), CHANGE_EVERY_MS)
    await tab.waitForTimeout(SECONDS * 1000)
    await tab.evaluate(() => page.stopStream())
  })
  const { elements, requests } = await counts(tab, requestsBefore)
  await context.close()
  const tasks = tasksOf(events)
  return {
    percent: (100 * tasks.reduce((sum, ms) => sum + ms, 0)) / (SECONDS * 1000),
    longestMs: Math.max(0, ...tasks),
    elements,
    requests,
  }
}

const counts = (tab: Page, requestsBefore: number): Promise<{ elements: number; requests: number }> =>
  tab.evaluate(
    (before) => ({
      elements: document.querySelectorAll('.rtc *').length,
      requests: page.server.requests.length - before,
    }),
    requestsBefore,
  )

/** How long each task of the busiest page's main thread took, by its own clock: others use the machine, too. */
function tasksOf(events: readonly TraceEvent[]): readonly number[] {
  const mains = events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
  const tasks = mains.map((main) =>
    events
      .filter(({ name, ph, pid, tid }) => name === 'RunTask' && ph === 'X' && pid === main.pid && tid === main.tid)
      .map(({ tdur = 0 }) => tdur / 1000),
  )
  const sumOf = (all: readonly number[]): number => all.reduce((sum, ms) => sum + ms, 0)
  return tasks.sort((a, b) => sumOf(b) - sumOf(a))[0] ?? []
}

/** The round that was disturbed least by what else the machine did. */
const calmest = (rounds: readonly Load[]): Load => rounds.reduce((a, b) => (a.percent <= b.percent ? a : b))

const server = await servePanel()
const browser = await launchBrowser()
const loads: { readonly strategy: StrategyName; readonly closed: Load; readonly open: Load }[] = []
try {
  for (const strategy of strategyNames) {
    const rounds: { readonly closed: Load; readonly open: Load }[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const closed = await measure(browser, server.url, strategy, false)
      rounds.push({ closed, open: await measure(browser, server.url, strategy, true) })
    }
    loads.push({
      strategy,
      closed: calmest(rounds.map(({ closed }) => closed)),
      open: calmest(rounds.map(({ open }) => open)),
    })
  }
} finally {
  await browser.close()
  await server.stop()
}

report({
  values: Object.fromEntries(
    loads.flatMap(({ strategy, closed, open }) => [
      [`${strategy}Closed`, round(closed.percent)],
      [`${strategy}Open`, round(open.percent)],
      [`${strategy}LongestMs`, round(open.longestMs)],
    ]),
  ),
  tables: {
    panel: {
      columns: ['strategy', 'panel', 'main thread busy, %', 'longest task, ms', 'elements of the panel', 'requests'],
      rows: loads.flatMap(({ strategy, ...load }) =>
        (['closed', 'open'] as const).map((panel) => {
          const { percent, longestMs, elements, requests } = load[panel]
          return [strategy, panel, round(percent), round(longestMs), elements, requests]
        }),
      ),
    },
  },
  goals: loads.flatMap(({ strategy, closed, open }) => [
    // With a flush for each key, the page alone is busier than that.
    ...(strategy !== 'perKey' && strategy !== 'direct'
      ? [goal(`main thread busy, ${strategy}`, open.percent, 10, '%')]
      : []),
    goal(`added by the panel, ${strategy}`, open.percent - closed.percent, 10, 'points'),
    goal(`longest task, ${strategy}`, open.longestMs, 16, 'ms'),
  ]),
})
process.disconnect?.()

function goal(what: string, measured: number, most: number, unit: string): Goal {
  return {
    goal: `Open panel: ${what}`,
    target: `≤ ${most} ${unit}`,
    measured: `${round(measured)} ${unit}`,
    met: measured <= most,
  }
}
