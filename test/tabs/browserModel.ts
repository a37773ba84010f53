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

interface Played {
  readonly tab: Tab
  user: string
  shown: Shown
  /** What can have made the tab miss something. */
  gaps: number
}

const SERVER_MS = 50
const JOIN_MS = 120
/** How long a tab may take to notice what has happened to another one. */
const TAKEOVER_MS = 12_000

/** Tabs over a server that is never wrong: what a tab shows or hears against that is the fault of what is tested. */
export class BrowserModel {
  readonly world: TabsWorld
  readonly violations: string[] = []
  #played: Played[] = []
  readonly #gapsAtMs: number[] = []

  constructor(delays: readonly number[]) {
    this.world = createTabsWorld()
    let messages = 0
    this.world.browser.delayMs = () => delays[messages++ % delays.length] ?? 0
  }

  async play(step: Step): Promise<void> {
    switch (step[0]) {
      case 'open':
        return this.#open(step[1])
      case 'write':
        return this.#write(step[1])
      case 'wait':
        return advance(step[1])
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
    const tab = this.world.openTab({ user, tables, firstCatchUp: 'refetch' })
    tab.supabase.subscribed = (channel) => {
      setTimeout(() => tab.browserTab.run(() => this.#goLive(tab, channel)), JOIN_MS)
    }
    // A tab that stands still may still hold the connection.
    const frozen = this.#played.filter((one) => one.tab.browserTab.state === 'frozen').length
    const gaps = frozen + this.#gapsAtMs.filter((atMs) => atMs > Date.now() - TAKEOVER_MS).length
    const played: Played = { tab, user, shown: tab.show(['goals', user]), gaps }
    this.#played.push(played)
  }

  #goLive(tab: Tab, channel: FakeChannel): void {
    if (tab.open().includes(channel)) channel.goLive()
  }

  #write(user: string): void {
    this.world.server.write(['goals', user])
    const change = changeOf('UPDATE', { new: { id: 1, user_id: user } })
    for (const { tab } of this.#played) {
      if (tab.supabase.realtime.accessTokenValue !== tokenOf(user)) continue
      for (const channel of tab.open()) {
        if (!channel.isLive) continue
        setTimeout(() => tab.browserTab.run(() => tab.open().includes(channel) && channel.deliver(change)), SERVER_MS)
      }
    }
  }

  async #befall([what, at, user]: Exclude<Step, readonly ['open' | 'write' | 'wait', unknown]>): Promise<void> {
    const played = this.#played[at % this.#played.length]
    if (!played) return
    const { tab } = played
    const { browserTab } = tab
    if (what === 'thaw') {
      if (browserTab.state === 'frozen') this.#thaw(played)
      return
    }
    if (browserTab.state === 'frozen' && what !== 'crash') return
    if (!['show', 'hide'].includes(what)) {
      this.#gapsAtMs.push(Date.now())
      for (const one of this.#played) one.gaps += 1
    }
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
    played.gaps += 1
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
    for (const { tab } of this.#played) {
      tab.realtime.stop()
      tab.end()
    }
  }
}
