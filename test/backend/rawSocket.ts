import ws from 'ws'
import type { Backend } from '../../demo/server/backend.ts'
import { until } from './support.ts'

export type Frame = [joinRef: string | null, ref: string | null, topic: string, event: string, payload: unknown]

/** A websocket without a client: what is sent and received are frames. */
export interface RawSocket {
  socket: ws
  /** Text frames received, parsed. */
  frames: Frame[]
  binaries: Buffer[]
  send(frame: unknown): void
  /** Sends a message, waits for its reply and gives the reply's payload. */
  ask(joinRef: string | null, topic: string, event: string, payload: unknown): Promise<unknown>
  closed: Promise<number>
}

/** Opens a websocket to the backend; `query` replaces parts of the usual one. */
export async function openRaw(backend: Backend, query: Record<string, string> = {}): Promise<RawSocket> {
  const search = new URLSearchParams({ apikey: backend.anonKey, vsn: '2.0.0', ...query })
  const socket = new ws(`${backend.url.replace('http', 'ws')}/realtime/v1/websocket?${search}`)
  const frames: Frame[] = []
  const binaries: Buffer[] = []
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) binaries.push(data)
    else frames.push(JSON.parse(data.toString()) as Frame)
  })
  const closed = new Promise<number>((resolve) => {
    socket.on('close', resolve)
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => undefined)
  const send = (frame: unknown) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  let lastRef = 100
  return {
    socket,
    frames,
    binaries,
    closed,
    send,
    async ask(joinRef, topic, event, payload) {
      const ref = String(++lastRef)
      send([joinRef, ref, topic, event, payload])
      const find = () => frames.find((frame) => frame[1] === ref && frame[3] === 'phx_reply')
      await until(find, `reply to ${event}`)
      return find()?.[4]
    },
  }
}

/** The payload of a join with `bindings`. */
export function joinPayload(bindings: unknown[] = [], config: Record<string, unknown> = {}): unknown {
  return {
    config: {
      broadcast: { ack: false, self: false },
      presence: { key: '', enabled: false },
      postgres_changes: bindings,
      private: false,
      ...config,
    },
  }
}
