/** Where the inspector page is shown. */
export interface PageOptions {
  readonly url: string
  readonly host: Window
  readonly iframe: HTMLIFrameElement | undefined
}

/** An inspector page that was opened. */
export interface InspectorPage {
  /** Sends to the page, once it has connected. Returns `false` if it is gone. */
  post(message: unknown): boolean
  /** Stops listening and tells the page. */
  disconnect(): void
  /** Closes a window that was opened in vain. */
  close(): void
}

const isConnection = (data: unknown): boolean =>
  typeof data === 'object' && data !== null && (data as { type?: unknown }).type === '@statelyai.connected'

/** Opens the inspector page and waits for it to connect; `undefined` if the browser blocks it. */
export function openPage({ url, host, iframe }: PageOptions, connected: () => void): InspectorPage | undefined {
  let target: Window | null = null
  let origin: string | undefined
  if (iframe) iframe.setAttribute('src', url)
  else {
    target = host.open(url, 'xstateinspector')
    if (!target) return undefined
  }
  const getTarget = (): Window | null => (iframe ? iframe.contentWindow : target)

  // Rows and query keys go only to the window that was opened, at the origin it connected from.
  const receive = (event: MessageEvent): void => {
    if (!isConnection(event.data) || event.source === null || event.source !== getTarget()) return
    origin = event.origin === '' || event.origin === 'null' ? '*' : event.origin
    connected()
  }
  host.addEventListener('message', receive)

  return {
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
