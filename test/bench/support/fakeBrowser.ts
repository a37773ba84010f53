import { vi } from 'vitest'
import { nextTask } from '../../../bench/support/measure.ts'

/** A browser with the demo's page, that does each thing when the test says so. */
export class FakeBrowser {
  readonly #requests: ((response: Response) => void)[] = []
  readonly #tasks: (() => void)[] = []
  readonly #longTasks: { readonly duration: number }[] = []
  #frames: (() => void)[] = []
  #socket: EventTarget | undefined

  /** Puts it in the place of the platform, and a card of each title into the document. */
  install(titles: readonly string[]): void {
    const [requests, tasks, longTasks] = [this.#requests, this.#tasks, this.#longTasks]
    vi.stubGlobal('WebSocket', class extends EventTarget {})
    vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => requests.push(resolve)))
    vi.stubGlobal('requestAnimationFrame', (callback: () => void) => this.#frames.push(callback))
    vi.stubGlobal(
      'MessageChannel',
      class {
        port2 = Object.assign(new EventTarget(), { start: () => undefined })
        port1 = { postMessage: () => tasks.push(() => this.port2.dispatchEvent(new Event('message'))) }
      },
    )
    vi.stubGlobal(
      'PerformanceObserver',
      class {
        observe = () => undefined
        takeRecords = () => longTasks.splice(0)
      },
    )
    document.body.innerHTML = titles
      .map((title) => `<section class="query-card"><h3>${title}</h3><span data-updated-at="0"></span></section>`)
      .join('')
  }

  connect(): void {
    this.#socket = new WebSocket('ws://demo')
  }

  receive(message: unknown): void {
    this.#socket?.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(message) }))
  }

  change(table: string, committedAtMs: number): void {
    const data = { table, type: 'UPDATE', commit_timestamp: new Date(committedAtMs).toISOString() }
    this.receive([null, null, 'realtime:db', 'postgres_changes', { ids: [1], data }])
  }

  ask(path: string, method = 'GET'): void {
    void fetch(`http://demo${path}`, { method }).then((response) => response.text())
  }

  /** Answers the request of that number. */
  async answer(request: number, status = 200): Promise<void> {
    this.#requests[request]?.(new Response('{}', { status }))
    await nextTask()
  }

  /** Puts data of that time into a card. */
  async commit(title: string, updatedAtMs: number): Promise<void> {
    const card = [...document.querySelectorAll('.query-card')].find((one) => one.textContent === title)
    card?.querySelector('span')?.setAttribute('data-updated-at', String(updatedAtMs))
    await nextTask()
  }

  /** Runs what comes before a frame is painted. */
  frame(): void {
    const frames = this.#frames
    this.#frames = []
    for (const callback of frames) callback()
  }

  /** Runs what was posted meanwhile. */
  task(): void {
    for (const task of this.#tasks.splice(0)) task()
  }

  /** The main thread was busy for so long. */
  block(duration: number): void {
    this.#longTasks.push({ duration })
  }
}
