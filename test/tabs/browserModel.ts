import type { Shown } from '../support/world.ts'
import { changeOf } from '../support/feedWorld.ts'
import type { FakeChannel } from '../support/fakeSupabase.ts'
import { advance, drain } from '../support/simulatedTime.ts'
import { type Tab, type TabsWorld, createTabsWorld, tokenOf } from '../support/tabsWorld.ts'

/** Something that happens in a browser with several tabs; `at` names one of those that are open. */
export type Step =
  | readonly ['open', user: string]
  | readonly ['close' | 'crash' | 'freeze' | 'suspend' | 'thaw' | 'show' | 'hide' | 'drop', at: number]
  | readonly ['switch', at: number, user: string]
  | readonly ['write', user: string]
  | readonly ['wait', ms: number]
  /** The clock of the computer is set forward, or back. */
  | readonly ['jump', ms: number]

export interface Scenario {
  /** How long messages take from tab to tab, one after the other; those between two tabs keep their order. */
  readonly delaysMs: readonly number[]
  /** How long the server takes to tell each tab of a change. */
  readonly serverMs: readonly number[]
  readonly feed: 'changes' | 'broadcast'
}

interface Played {
  readonly tab: Tab
  user: string
  shown: Shown
  readonly serverMs: number
  openedAtMs: number
  /** What can have made the tab miss something. */
  gaps: number
}

const JOIN_MS = 120
/** How long a tab may take to notice what has happened to another one. */
const TAKEOVER_MS = 12_000
/** How long after it was opened a tab has repaired what came before that, at the latest. */
const FIRST_REPAIR_MS = 6_000

/** Tabs over a server that is never wrong: what a tab shows or hears against that is the fault of what is tested. */
export class BrowserModel {
  readonly world: TabsWorld
  readonly violations: string[] = []
  #played: Played[] = []
  readonly #gaps: { readonly user: string; readonly atMs: number }[] = []
  readonly #ends: (() => void)[] = []
  readonly #scenario: Scenario
  #writes = 0

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.world = createTabsWorld((end) => this.#ends.push(end))
    const { delaysMs } = scenario
    let messages = 0
    this.world.browser.delayMs = () => delaysMs[messages++ % delaysMs.length] ?? 0
  }

  async play(step: Step): Promise<void> {
    switch (step[0]) {
      case 'open':
        return this.#open(step[1])
      case 'write':
        return this.#write(step[1])
      case 'wait':
        return advance(step[1])
      case 'jump':
        this.world.browser.skewMs += step[1]
        // A repair under way is overdue by the clock: it is done at once, and again when the feed is live.
        if (step[1] > 0) for (const one of this.#played) one.gaps += 1
        return
      default:
        return this.#befall(step)
    }
  }

  #open(user: string): void {
    if (this.#played.length >= 4) return
    const tables = {
      goals: {
        keys: (change?: { readonly new?: object }) => {
          const row = change?.new as { readonly user_id?: string } | undefined
          if (row && row.user_id !== played.user) this.violations.push(`${played.user} heard of ${row.user_id}`)
          return [['goals']]
        },
      },
    }
    const tab = this.world.openTab({
      user,
      tables,
      firstCatchUp: 'refetch',
      ...(this.#scenario.feed === 'broadcast' && { broadcast: { topic: 'room' } }),
    })
    tab.supabase.subscribed = (channel) => {
      setTimeout(() => tab.browserTab.run(() => this.#goLive(tab, channel)), JOIN_MS)
    }
    // A tab that stands still may still hold the connection.
    const frozen = this.#played.filter((one) => one.user === user && one.tab.browserTab.state === 'frozen').length
    const isRecent = (gap: { user: string; atMs: number }) => gap.user === user && gap.atMs > Date.now() - TAKEOVER_MS
    // Of a hand-over under way it has not heard the beginning.
    const holders = this.#played.filter((one) => one.user === user && one.tab.open().length > 0).length
    const gaps = frozen + Math.max(0, holders - 1) + this.#gaps.filter(isRecent).length
    const { serverMs } = this.#scenario
    const ownMs = serverMs[this.world.tabs.length % serverMs.length] ?? 50
    const played: Played = {
      tab,
      user,
      shown: tab.show(['goals', user]),
      gaps,
      serverMs: ownMs,
      openedAtMs: Date.now(),
    }
    this.#played.push(played)
  }

  #goLive(tab: Tab, channel: FakeChannel): void {
    if (tab.open().includes(channel)) channel.goLive()
  }

  #write(user: string): void {
    this.#writes += 1
    const id = `${this.#writes}`
    this.world.server.write(['goals', user])
    const row = { id: 1, user_id: user, title: id }
    const change = changeOf('UPDATE', { new: row })
    const told = { schema: 'public', table: 'goals', operation: 'UPDATE', record: row, old_record: row }
    for (const { tab, serverMs } of this.#played) {
      if (tab.supabase.realtime.accessTokenValue !== tokenOf(user)) continue
      for (const channel of tab.open()) {
        if (!channel.isLive) continue
        const deliver = (): void => {
          if (!tab.open().includes(channel)) return
          if (this.#scenario.feed === 'changes') channel.change(change)
          else channel.broadcast('UPDATE', told, { id })
        }
        setTimeout(() => tab.browserTab.run(deliver), serverMs)
      }
    }
  }

  /** Whether the tab has to do with the connection of its user: the end of any other is no gap for anybody. */
  #holds({ tab }: Played): boolean {
    if (tab.open().length > 0) return true
    return this.world.browser.holders().some(([name, holder]) => holder === tab.browserTab && !/-\d+$/.test(name))
  }

  #noteGap(played: Played): void {
    const { user } = played
    this.#gaps.push({ user, atMs: Date.now() })
    for (const one of this.#played) {
      if (one.user !== user) continue
      one.gaps += 1
      // The first repair, if it has not been done yet, is one more.
      if (Date.now() - one.openedAtMs < FIRST_REPAIR_MS) one.gaps += 1
      one.openedAtMs = -Infinity
    }
  }

  async #befall([what, at, user]: Exclude<
    Step,
    readonly ['open' | 'write' | 'wait' | 'jump', unknown]
  >): Promise<void> {
    const played = this.#played[at % this.#played.length]
    if (!played) return
    const { tab } = played
    const { browserTab } = tab
    if (what === 'thaw') {
      if (browserTab.state === 'frozen') this.#thaw(played)
      return
    }
    if (browserTab.state === 'frozen' && what !== 'crash') return
    if (!['show', 'hide'].includes(what) && this.#holds(played)) this.#noteGap(played)
    // A tab that leaves its user has a gap in any case.
    else if (what === 'switch') played.gaps += 1
    switch (what) {
      case 'close':
      case 'crash':
        if (what === 'close') tab.close()
        browserTab.crash()
        tab.end()
        this.#played = this.#played.filter((one) => one !== played)
        return
      case 'freeze':
      case 'suspend':
        return browserTab.freeze(what === 'freeze')
      case 'show':
      case 'hide':
        browserTab.visible = what === 'show'
        return
      case 'drop':
        for (const channel of tab.open()) {
          if (!channel.isLive) continue
          channel.isLive = false
          channel.tell('CHANNEL_ERROR', new Error('dropped'))
          setTimeout(() => browserTab.run(() => this.#goLive(tab, channel)), 1_000)
        }
        return
      case 'switch':
        if (user === undefined || user === played.user) return
        // What the client has been asked for the old user's token comes before the new one.
        await drain()
        played.shown.unmount()
        played.user = user
        await tab.supabase.signIn(tokenOf(user))
        await drain()
        played.shown = tab.show(['goals', user])
    }
  }

  #thaw(played: Played): void {
    played.tab.browserTab.thaw()
  }

  /** Lets everything that can still happen happen, with all tabs awake, and says what is wrong then. */
  async settle(): Promise<string[]> {
    for (const played of this.#played) if (played.tab.browserTab.state === 'frozen') this.#thaw(played)
    await advance(30_000)
    const problems = [...this.violations]
    const holders = new Map<string, number>()
    for (const { tab, user, shown, gaps } of this.#played) {
      const version = this.world.server.versionOf(['goals', user])
      if (shown.version() !== version) problems.push(`a tab of ${user} shows ${shown.version()}, not ${version}`)
      if (tab.realtime.getStatus() !== 'live') problems.push(`a tab of ${user} is ${tab.realtime.getStatus()}`)
      if (tab.open().length > 0) holders.set(user, (holders.get(user) ?? 0) + 1)
      if (tab.catchUps() > gaps) problems.push(`${tab.catchUps()} catch-ups for ${gaps} gaps`)
    }
    for (const user of new Set(this.#played.map((one) => one.user))) {
      if (holders.get(user) !== 1) problems.push(`${holders.get(user) ?? 0} connections for ${user}`)
    }
    return problems
  }

  end(): void {
    for (const end of this.#ends) end()
  }
}
