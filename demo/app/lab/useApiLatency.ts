import { useEffect, useState } from 'react'
import { setLatencyMs } from '../controls.ts'

const firstLatencyMs = 80

/** How slow the API is, in milliseconds, and a function that changes it here and on the server. */
export function useApiLatency(): readonly [latencyMs: number, change: (latencyMs: number) => void] {
  const [latencyMs, setShown] = useState(firstLatencyMs)
  useEffect(() => {
    setLatencyMs(latencyMs).catch(() => undefined)
  }, [latencyMs])
  return [latencyMs, setShown]
}
