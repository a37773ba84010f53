/** Where the inspector page is shown. */
export interface PageOptions {
  readonly url: string
  readonly host: Window
  readonly iframe: HTMLIFrameElement | undefined
}

/** An inspector page that was opened. */
export interface InspectorPage {
  /** Whether the window is gone, or was never in reach. */
  isGone(): boolean
  /** Sends to the page, once it has connected. Returns `false` if it is gone. */
  post(message: unknown): boolean
  /** Stops listening and tells the page. */
  disconnect(): void
  /** Closes a window that was opened in vain. */
  close(): void
}

const isConnection = (data: unknown): boolean =>
  typeof data === 'object' && data !== null && (data as { type?: unknown }).type === '@statelyai.connected'

/** Where a page at an address is served from; `undefined` if its origin is opaque, as that of a file is. */
function originOf(url: string, host: Window): string | undefined {
  try {
    // A window that stands in for a browser's may have no location.
    const { origin } = new URL(url, (host as Partial<Window>).location?.href)
    return origin === 'null' ? undefined : origin
  } catch {
    return undefined
  }
}

/** What is heard from an inspector page. */
export interface PageListeners {
  readonly connected: () => void
  /** Another site than the one that was opened asks to be shown everything. */
  readonly strayed: (origin: string) => void
}

/** Opens the inspector page and waits for it to connect; `undefined` if the browser blocks it. */
export function openPage({ url, host, iframe }: PageOptions, listeners: PageListeners): InspectorPage | undefined {
  let heard = originOf(url, host)
  let target: Window | null = null
  let origin: string | undefined
  if (iframe) iframe.setAttribute('src', url)
  else {
    target = host.open(url, 'xstateinspector')
    if (!target) return undefined
  }
  const getTarget = (): Window | null => (iframe ? iframe.contentWindow : target)

  // Rows and query keys go only to the window that was opened, and only while it shows the site it was opened for.
  const receive = (event: MessageEvent): void => {
    if (!isConnection(event.data) || event.source === null || event.source !== getTarget()) return
    if (event.origin !== '' && heard !== undefined && event.origin !== heard) {
      origin = undefined
      return listeners.strayed(event.origin)
    }
    if (event.origin !== '') heard = event.origin
    origin = heard === undefined || heard === 'null' ? '*' : heard
    listeners.connected()
  }
  host.addEventListener('message', receive)

  return {
    isGone: () => getTarget()?.closed !== false,
    post(message) {
      const page = getTarget()
      if (!page || page.closed) return false
      if (origin !== undefined) page.postMessage(message, origin)
      return true
    },
    disconnect() {
      host.removeEventListener('message', receive)
      const page = getTarget()
      if (page && !page.closed && origin !== undefined) page.postMessage({ type: '@statelyai.disconnected' }, origin)
      origin = undefined
    },
    close: () => target?.close(),
  }
}
