import { request } from 'node:http'
import { createConnection } from 'node:net'

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export interface RawRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Sends the body without its length. */
  readonly isChunked?: boolean
}

const answerTimeoutMs = 60_000

/** A request with headers that `fetch` does not let one set, such as `host`. Rejects when there is no answer. */
export function sendRaw(url: string, path: string, options: RawRequest = {}): Promise<RawAnswer> {
  const { method = 'GET', headers = {}, body, isChunked = false } = options
  return new Promise((resolve, reject) => {
    const length = body === undefined || isChunked ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const { hostname, port } = new URL(url)
    const sent = request({ hostname, port, path, method, headers: { ...length, ...headers }, agent: false })
    sent.setTimeout(answerTimeoutMs, () => sent.destroy(new Error(`No answer to ${method} ${path}.`)))
    sent.on('error', reject)
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        sent.removeAllListeners('error').on('error', () => undefined)
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
    })
    if (isChunked && body !== undefined) sent.write(body)
    sent.end(isChunked ? undefined : body)
  })
}

/** Asks for a websocket with a request line as it is; the first line of the answer, empty when the socket is closed. */
export function upgradeRaw(
  url: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { host, hostname, port } = new URL(url)
  const all = {
    host,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }
  const lines = [`GET ${target} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`), '', '']
  return new Promise((resolve, reject) => {
    const socket = createConnection(Number(port), hostname)
    socket.setTimeout(answerTimeoutMs, () => {
      socket.destroy()
      reject(new Error(`No answer to an upgrade of ${target}.`))
    })
    socket.on('error', reject)
    socket.on('data', (data) => {
      resolve(data.toString('latin1').split('\r\n')[0] ?? '')
      socket.destroy()
    })
    socket.on('close', () => resolve(''))
    socket.write(lines.join('\r\n'))
  })
}
