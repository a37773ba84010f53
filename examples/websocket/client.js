import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { createCoalescer } from 'realtime-coalescer'
import { WebSocket } from 'ws'

/** Shows rooms, and refetches those that the socket says have changed. */
export function startClient(port, rooms) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } })
  const coalescer = createCoalescer({ queryClient, strategy: 'perKey' })

  const observers = rooms.map(
    (room) =>
      new QueryObserver(queryClient, {
        queryKey: ['rooms', room],
        queryFn: async () => (await fetch(`http://127.0.0.1:${port}/rooms/${room}`)).json(),
      }),
  )
  const unmounts = observers.map((observer) => observer.subscribe(() => {}))

  let socket
  let isStopped = false
  let opened = 0
  const connect = () => {
    socket = new WebSocket(`ws://127.0.0.1:${port}`)
    socket.on('open', () => {
      opened += 1
      // What happened while the socket was gone was told to nobody.
      if (opened > 1) coalescer.scheduleInvalidate(['rooms'], { source: 'socket:catchUp' })
    })
    socket.on('message', (data) => {
      const { room } = JSON.parse(String(data))
      coalescer.scheduleInvalidate(['rooms', room], { source: `socket:${room}` })
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (!isStopped) setTimeout(connect, 100)
    })
  }
  connect()

  return {
    coalescer,
    opened: () => opened,
    shown: (room) => queryClient.getQueryData(['rooms', room]),
    stop() {
      isStopped = true
      socket.close()
      coalescer.stop()
      for (const unmount of unmounts) unmount()
      queryClient.clear()
    },
  }
}
