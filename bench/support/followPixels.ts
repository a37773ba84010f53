import { Coverage } from './coverage.ts'

/** What the page has to know of the app it watches. */
export interface PixelOptions {
  /** The title of the card that shows each endpoint. */
  readonly cards: Readonly<Record<string, string>>
  /** The endpoints that show the rows of each table, or what is derived from them. */
  readonly touched: Readonly<Record<string, readonly string[]>>
}

/** How far the screen is, since the last reset. */
export interface PixelProgress {
  /** Row changes that arrived. */
  readonly changes: number
  /** Changes and queries they touch that no painted frame shows yet. */
  readonly behind: number
}

/** What was measured since the last reset. */
export interface PixelReading extends PixelProgress {
  /** From the commit of each change to the first frame that shows fresh data, for each query it touches. */
  readonly agesMs: readonly number[]
  /** Of each of these, the part from the answer of the request to the frame. */
  readonly paintsMs: readonly number[]
  /** 0 when none took 50 ms. */
  readonly longestTaskMs: number
}

export interface Pixels {
  progress(): PixelProgress
  read(): PixelReading
  /** To be called while nothing is behind. */
  reset(): void
}

declare global {
  interface Window {
    pixels: Pixels
  }
}

/** Data that a request brought and that waits to be seen. */
interface Answer {
  readonly endpoint: string
  readonly answeredAtMs: number
  readonly committedAtMs: readonly number[]
}

/**
 * Runs in the page, before its own scripts. It listens to the page's sockets, requests and document, and to nothing of
 * the app or of the library: a change arrives as a frame of the WebSocket, a request starts with `fetch`, its data is
 * in the document when the card says so, and it is painted when a task runs that was posted in the next frame.
 */
export function followPixels({ cards, touched }: PixelOptions): Pixels {
  const coverage = new Coverage()
  let changes = 0
  let owed = 0
  let agesMs: number[] = []
  let paintsMs: number[] = []

  followSockets(({ table, committedAtMs }) => {
    changes += 1
    for (const endpoint of touched[table] ?? []) {
      owed += 1
      coverage.arrive(endpoint, committedAtMs)
    }
  })

  const paint = afterNextPaint<Answer>((shown) => {
    const now = Date.now()
    for (const { answeredAtMs, committedAtMs } of shown) {
      agesMs.push(...committedAtMs.map((atMs) => now - atMs))
      paintsMs.push(...committedAtMs.map(() => now - answeredAtMs))
    }
  })
  const show = whenInDocument(cards, paint)
  followRequests(
    (endpoint) => (Object.hasOwn(cards, endpoint) ? coverage.start(endpoint) : undefined),
    (endpoint, request) => {
      const committedAtMs = coverage.answer(endpoint, request)
      if (committedAtMs.length > 0) show({ endpoint, answeredAtMs: Date.now(), committedAtMs })
    },
  )
  const tasks = followTasks()

  const progress = (): PixelProgress => ({ changes, behind: owed - agesMs.length })
  return {
    progress,
    read: () => ({ ...progress(), agesMs, paintsMs, longestTaskMs: tasks.longestMs() }),
    reset() {
      changes = 0
      owed = 0
      agesMs = []
      paintsMs = []
      tasks.reset()
    },
  }
}

/** Tells each row change as it comes over a socket, before the app sees it. */
function followSockets(onChange: (change: { readonly table: string; readonly committedAtMs: number }) => void): void {
  window.WebSocket = class extends WebSocket {
    constructor(...options: ConstructorParameters<typeof WebSocket>) {
      super(...options)
      this.addEventListener('message', ({ data }) => {
        if (typeof data !== 'string' || !data.includes('"postgres_changes"')) return
        const message = JSON.parse(data) as unknown[] | { readonly event: unknown; readonly payload: unknown }
        const [event, payload] = Array.isArray(message) ? message.slice(3) : [message.event, message.payload]
        if (event !== 'postgres_changes') return
        const change = (payload as { readonly data: { readonly table: string; readonly commit_timestamp: string } })
          .data
        onChange({ table: change.table, committedAtMs: Date.parse(change.commit_timestamp) })
      })
    }
  }
}

/** Tells when each GET starts, and when the app has all of its answer. */
function followRequests(
  onStart: (endpoint: string) => number | undefined,
  onAnswer: (endpoint: string, request: number) => void,
): void {
  const { fetch } = window
  window.fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input, location.href)
    const request = (init?.method ?? 'GET') === 'GET' ? onStart(pathname) : undefined
    const response = await fetch(input, init)
    if (request === undefined || !response.ok) return response
    const readText = response.text.bind(response)
    response.text = async () => {
      const text = await readText()
      onAnswer(pathname, request)
      return text
    }
    return response
  }
}

/** Hands an answer on once the card of its endpoint says that its data is as new. */
function whenInDocument(
  cards: Readonly<Record<string, string>>,
  onShown: (answers: readonly Answer[]) => void,
): (answer: Answer) => void {
  const readUpdatedAtMs = (endpoint: string): number => {
    const card = [...document.querySelectorAll('.query-card')].find(
      (candidate) => candidate.querySelector('h3')?.textContent === cards[endpoint],
    )
    return Number(card?.querySelector('[data-updated-at]')?.getAttribute('data-updated-at') ?? Number.NaN)
  }
  let waiting: Answer[] = []
  const look = (): void => {
    if (waiting.length === 0) return
    const shown = waiting.filter(({ endpoint, answeredAtMs }) => readUpdatedAtMs(endpoint) >= answeredAtMs)
    if (shown.length === 0) return
    waiting = waiting.filter((answer) => !shown.includes(answer))
    onShown(shown)
  }
  // The state of a card changes with each answer, also when its time does not: two in one millisecond.
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ['class', 'data-updated-at'],
  })
  return (answer) => waiting.push(answer)
}

/** Hands on what is in the document once the next frame is painted. */
function afterNextPaint<Item>(onPainted: (items: readonly Item[]) => void): (items: readonly Item[]) => void {
  let next: Item[] = []
  const { port1, port2 } = new MessageChannel()
  const frames: Item[][] = []
  // Style, layout and paint follow the callbacks of a frame in the same task, so a task posted in one comes after them.
  port2.addEventListener('message', () => onPainted(frames.shift() ?? []))
  port2.start()
  return (items) => {
    next.push(...items)
    if (next.length > items.length) return
    requestAnimationFrame(() => {
      frames.push(next)
      next = []
      port1.postMessage(undefined)
    })
  }
}

/** Follows tasks of the main thread that take 50 ms or more: the platform tells no others. */
function followTasks() {
  let longestMs = 0
  const note = (entries: PerformanceEntryList): void => {
    for (const { duration } of entries) longestMs = Math.max(longestMs, duration)
  }
  const observer = new PerformanceObserver((list) => note(list.getEntries()))
  observer.observe({ type: 'longtask' })
  return {
    longestMs() {
      note(observer.takeRecords())
      return longestMs
    },
    reset() {
      observer.takeRecords()
      longestMs = 0
    },
  }
}
