import { startClient } from './client.js'
import { startServer } from './server.js'

const until = async (isTrue) => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 10))
}

const server = await startServer()
const client = startClient(server.port, ['lobby', 'kitchen'])
await until(() => client.opened() === 1 && client.shown('kitchen') !== undefined && client.shown('lobby') !== undefined)
const atFirst = server.requests()

for (let message = 1; message <= 20; message += 1) {
  server.post('lobby', `lobby ${message}`)
  server.post('kitchen', `kitchen ${message}`)
}
await until(() => client.shown('lobby').length === 20 && client.shown('kitchen').length === 20)
console.log(`40 messages in 2 rooms: ${server.requests() - atFirst} requests`)

const beforeGap = server.requests()
server.dropSockets()
server.post('lobby', 'while nobody listened')
await until(() => client.shown('lobby').length === 21)
await client.coalescer.settled()
console.log(`a gap in the feed: ${server.requests() - beforeGap} requests`)

const { eventsReceived, fetchesSaved } = client.coalescer.getSnapshot().stats
console.log(`${eventsReceived} events, ${fetchesSaved} requests saved`)
client.stop()
server.stop()
