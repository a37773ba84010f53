import { useEffect } from 'react'
import type { RealtimeStatus } from 'realtime-coalescer/react'
import { askJson } from '../shared/api.ts'
import type { ServerAddress } from '../shared/session.ts'

const askEveryMs = 3000

/** Loads the page anew when its server has been started again: the old key opens no socket there. */
export function useServerRestart(status: RealtimeStatus, anonKey: string): void {
  useEffect(() => {
    if (status !== 'interrupted') return undefined
    const ask = () =>
      askJson<ServerAddress>(`${location.origin}/config.json`, 'GET')
        .then((address) => address.anonKey !== anonKey && location.reload())
        .catch(() => undefined)
    const timer = setInterval(ask, askEveryMs)
    return () => clearInterval(timer)
  }, [status, anonKey])
}
