import type { TabChannel, TabLocks, TabsEnvironment } from 'realtime-coalescer/supabase'

interface LockRequest {
  readonly tab: FakeTab
  readonly granted: () => PromiseLike<unknown>
  readonly reject: (error: Error) => void
  readonly resolve: () => void
}

/** A browser whose tabs take turns and talk to each other; a test decides how long that takes, and what befalls them. */
export class FakeBrowser {
  readonly tabs: FakeTab[] = []
  /** How long a message takes from one tab to another; those between the same two keep their order. */
  delayMs: (from: FakeTab, to: FakeTab) => number = () => 0
  /** How far the clock of the computer has been set forward. */
  skewMs = 0
  readonly #held = new Map<string, LockRequest>()
  readonly #waiting = new Map<string, LockRequest[]>()
  readonly channels = new Set<{ readonly name: string; readonly tab: FakeTab; readonly channel: TabChannel }>()

  openTab(): FakeTab {
    const tab = new FakeTab(this)
    this.tabs.push(tab)
    return tab
  }

  request(tab: FakeTab, name: string, options: Parameters<TabLocks['request']>[1], granted: LockRequest['granted']) {
    return new Promise<void>((resolve, reject) => {
      // What has been under way in a tab that is gone ends there.
      if (tab.state === 'crashed') return
      const request: LockRequest = { tab, granted, resolve, reject }
      const waiting = this.#waiting.get(name) ?? []
      this.#waiting.set(name, waiting)
      if (options.steal) {
        const held = this.#held.get(name)
        this.#held.delete(name)
        waiting.unshift(request)
        held?.tab.run(() => held.reject(new DOMException('The lock was stolen.', 'AbortError')))
      } else {
        waiting.push(request)
        options.signal?.addEventListener('abort', () => {
          const at = waiting.indexOf(request)
          if (at < 0) return
          waiting.splice(at, 1)
          reject(new DOMException('The request was aborted.', 'AbortError'))
        })
      }
      queueMicrotask(() => this.#grant(name))
    })
  }

  #grant(name: string): void {
    if (this.#held.has(name)) return
    const request = this.#waiting.get(name)?.shift()
    if (!request) return
    this.#held.set(name, request)
    request.tab.run(() => {
      // It may have been stolen before the tab got to know that it has it.
      if (this.#held.get(name) !== request) return
      void Promise.resolve(request.granted()).then(() => {
        if (this.#held.get(name) !== request) return
        this.#held.delete(name)
        request.resolve()
        this.#grant(name)
      })
    })
  }

  /** What a crash leaves behind: nothing. */
  drop(tab: FakeTab): void {
    for (const opened of this.channels) if (opened.tab === tab) this.channels.delete(opened)
    for (const [name, waiting] of this.#waiting) {
      this.#waiting.set(
        name,
        waiting.filter((request) => request.tab !== tab),
      )
    }
    for (const [name, held] of this.#held) {
      if (held.tab !== tab) continue
      this.#held.delete(name)
      queueMicrotask(() => this.#grant(name))
    }
  }

  /** Who holds the locks, by name. */
  holders(): [string, FakeTab][] {
    return [...this.#held].map(([name, { tab }]) => [name, tab])
  }
}

/** One tab. What is to run in it waits while it is frozen, and never runs after a crash. */
export class FakeTab implements TabsEnvironment {
  state: 'running' | 'frozen' | 'crashed' = 'running'
  visible = true
  /** How many of the next messages to it are lost. */
  loseNext = 0
  readonly #browser: FakeBrowser
  #heldBack: (() => void)[] = []
  readonly #timers = new Set<unknown>()
  readonly #sleepers = new Set<{ readonly sleep: () => void; readonly wake: () => void }>()
  /** When the last message from each other tab arrives. */
  readonly arrivals = new Map<FakeTab, number>()

  constructor(browser: FakeBrowser) {
    this.#browser = browser
  }

  run(task: () => void): void {
    if (this.state === 'running') task()
    else if (this.state === 'frozen') this.#heldBack.push(task)
  }

  /** The clock of what runs in the tab. */
  readonly clock = {
    setTimeout: (task: () => void, ms: number): never => {
      const id = setTimeout(() => this.run(() => this.#timers.delete(id) && task()), ms)
      this.#timers.add(id)
      return id as never
    },
    clearTimeout: (id: never): void => {
      this.#timers.delete(id)
      clearTimeout(id)
    },
    now: () => Date.now() + this.#browser.skewMs,
  }

  readonly locks: TabLocks = {
    request: (name, options, granted) => this.#browser.request(this, name, options, granted),
  }

  readonly openChannel = (name: string): TabChannel => {
    const browser = this.#browser
    const channel: TabChannel = {
      onmessage: null,
      postMessage: (data) => {
        const copy: unknown = structuredClone(data)
        for (const other of browser.channels) {
          if (other.name !== name || other.tab === this || this.state === 'crashed') continue
          if (other.tab.loseNext > 0) {
            other.tab.loseNext -= 1
            continue
          }
          const arrivesAt = Math.max(Date.now() + browser.delayMs(this, other.tab), other.tab.arrivals.get(this) ?? 0)
          other.tab.arrivals.set(this, arrivesAt)
          setTimeout(
            () => other.tab.run(() => browser.channels.has(other) && other.channel.onmessage?.({ data: copy })),
            arrivesAt - Date.now(),
          )
        }
      },
      close: () => browser.channels.delete(opened),
    }
    const opened = { name, tab: this, channel }
    browser.channels.add(opened)
    return channel
  }

  readonly isVisible = (): boolean => this.visible

  readonly watchSleep = (sleep: () => void, wake: () => void): (() => void) => {
    const sleeper = { sleep, wake }
    this.#sleepers.add(sleeper)
    return () => this.#sleepers.delete(sleeper)
  }

  crash(): void {
    this.state = 'crashed'
    this.#heldBack = []
    this.#browser.drop(this)
  }

  /** Stands still at once; `isTold`: the page is told of it before, as a browser does unless it is suspended as a whole. */
  freeze(isTold = true): void {
    if (isTold) for (const { sleep } of [...this.#sleepers]) sleep()
    this.state = 'frozen'
  }

  thaw(isTold = true): void {
    this.state = 'running'
    const heldBack = this.#heldBack
    this.#heldBack = []
    for (const task of heldBack) this.run(task)
    if (isTold) for (const { wake } of [...this.#sleepers]) wake()
  }
}
