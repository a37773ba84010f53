import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

/** A chat: `GET /rooms/NAME` answers its messages, and each post is told to every socket as `{ room }`. */
export async function startServer() {
  const rooms = new Map()
  let requests = 0

  const http = createServer((request, response) => {
    requests += 1
    const room = request.url?.split('/')[2] ?? ''
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(rooms.get(room) ?? []))
  })
  const sockets = new WebSocketServer({ server: http })
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve))

  return {
    port: http.address().port,
    requests: () => requests,
    post(room, text) {
      rooms.set(room, [...(rooms.get(room) ?? []), text])
      for (const socket of sockets.clients) socket.send(JSON.stringify({ room }))
    },
    dropSockets() {
      for (const socket of sockets.clients) socket.terminate()
    },
    stop() {
      for (const socket of sockets.clients) socket.terminate()
      http.closeAllConnections()
      http.close()
    },
  }
}
