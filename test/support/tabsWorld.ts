import { type RealtimeService, type TableOptions, createRealtimeService } from 'realtime-coalescer/supabase'
import { onTestFinished } from 'vitest'
import { FakeBrowser, type FakeTab } from './fakeBrowser.ts'
import { type FakeChannel, FakeSupabase } from './fakeSupabase.ts'
import { advance } from './simulatedTime.ts'
import { SimulatedServer } from './simulatedServer.ts'
import { type World, createWorld } from './world.ts'

export interface Tab extends World {
  readonly browserTab: FakeTab
  readonly supabase: FakeSupabase
  readonly realtime: RealtimeService
  readonly statuses: string[]
  /** The channels that the tab has open now. */
  open(): FakeChannel[]
  /** The catch-ups and other work with this label so far. */
  catchUps(): number
  close(): void
}

export interface TabOptions {
  readonly tables?: Record<string, TableOptions>
  readonly user?: string
  readonly firstCatchUp?: 'markStale' | 'refetch' | 'off'
  readonly broadcast?: { readonly topic: string; readonly event?: string }
}

/** A token as Supabase gives it out. */
export const tokenOf = (sub: string, exp = 3_600): string =>
  `h.${btoa(JSON.stringify({ iss: 'test', sub, role: 'authenticated', exp }))}.s`

export interface TabsWorld {
  readonly browser: FakeBrowser
  readonly server: SimulatedServer
  readonly tabs: Tab[]
  openTab(options?: TabOptions): Tab
  /** All channels that any running tab has open. */
  open(): FakeChannel[]
  /** Lets every open channel go live, and what follows from that end. */
  goLive(): Promise<void>
}

/** @param atEnd takes what ends a tab; by default the end of the test does. */
export function createTabsWorld(atEnd?: (end: () => void) => void): TabsWorld {
  const browser = new FakeBrowser()
  const server = new SimulatedServer()
  const tabs: Tab[] = []
  const world: TabsWorld = {
    browser,
    server,
    tabs,
    openTab({
      tables = { goals: { keys: () => [['goals']] } },
      user = 'ann',
      firstCatchUp = 'markStale',
      broadcast,
    } = {}) {
      const browserTab = browser.openTab()
      const own = createWorld({ server, clock: browserTab.clock, endsWithTest: !atEnd })
      const supabase = new FakeSupabase()
      supabase.findToken = () => Promise.resolve(tokenOf(user))
      const realtime = createRealtimeService({
        supabase,
        coalescer: own.coalescer,
        channel: 'db',
        tables,
        firstCatchUp,
        broadcast,
        shareAcrossTabs: browserTab,
      })
      const end = () => realtime.stop()
      if (atEnd) {
        atEnd(() => {
          end()
          own.end()
        })
      } else onTestFinished(end)
      const statuses: string[] = []
      realtime.subscribe(() => statuses.push(realtime.getStatus()))
      const tab: Tab = {
        ...own,
        browserTab,
        supabase,
        realtime,
        statuses,
        open: () => (browserTab.state === 'crashed' ? [] : supabase.getChannels()),
        catchUps: () =>
          own.flushed.filter(({ keys }) => keys.some(({ sources }) => sources.includes('realtime:catchUp'))).length,
        close() {
          realtime.stop()
          browserTab.crash()
        },
      }
      tabs.push(tab)
      realtime.initialize(own.queryClient)
      return tab
    },
    open: () => tabs.flatMap((tab) => tab.open()),
    async goLive() {
      await advance(50)
      for (const channel of world.open()) if (!channel.isLive) channel.goLive()
      await advance(1_500)
    },
  }
  return world
}
