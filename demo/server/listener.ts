import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

const host = '127.0.0.1'

/** An HTTP server that can go away and come back on the same port. */
export interface Listener {
  readonly port: number
  /** Refuses new connections and drops the open ones. */
  close(): Promise<void>
  /** Listens on the same port again. */
  reopen(): Promise<void>
}

/** Serves `fetch` and websocket upgrades on 127.0.0.1. Rejects with the system's error when the port is taken. */
export async function listen(
  port: number,
  fetch: (request: Request) => Response | Promise<Response>,
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<Listener> {
  const server = createAdaptorServer({ fetch, createServer }) as Server
  server.on('upgrade', onUpgrade)
  await open(server, port)
  const address = server.address() as AddressInfo
  return {
    port: address.port,
    close: () => close(server),
    reopen: () => open(server, address.port),
  }
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
