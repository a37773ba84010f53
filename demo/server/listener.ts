import { type IncomingMessage, type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createAdaptorServer } from '@hono/node-server'
import { findRefusal, guardHeaders } from './guard.ts'

const host = '127.0.0.1'

/** An HTTP server that can go away and come back on the same port. */
export interface Listener {
  readonly port: number
  /** Refuses new connections and drops the open ones. */
  close(): Promise<void>
  /** Listens on the same port again. */
  reopen(): Promise<void>
}

/**
 * Serves `fetch` and websocket upgrades on 127.0.0.1, to its own pages only. Rejects with the system's error when the port
 * is taken.
 */
export async function listen(
  port: number,
  fetch: (request: Request) => Response | Promise<Response>,
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<Listener> {
  let ownPort = port
  const answer = async (request: Request) => {
    const header = (name: string) => request.headers.get(name) ?? undefined
    const refusal = findRefusal({ method: request.method, header }, ownPort)
    const response = refusal === undefined ? await fetch(request) : Response.json({ error: refusal }, { status: 403 })
    for (const [name, value] of Object.entries(guardHeaders)) response.headers.set(name, value)
    return response
  }
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Without a listener, a connection that breaks off ends the process.
    socket.on('error', () => socket.destroy())
    const header = (name: string) => request.headers[name]?.toString()
    if (findRefusal({ method: 'GET', header }, ownPort) !== undefined) {
      refuseUpgrade(socket, '403 Forbidden')
      return
    }
    try {
      onUpgrade(request, socket, head)
    } catch {
      refuseUpgrade(socket, '400 Bad Request')
    }
  }
  const server = createAdaptorServer({ fetch: answer, createServer }) as Server
  server.on('upgrade', upgrade)
  await open(server, port)
  ownPort = (server.address() as AddressInfo).port
  return {
    port: ownPort,
    close: () => close(server),
    reopen: () => open(server, ownPort),
  }
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

function open(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      resolve()
      return
    }
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
