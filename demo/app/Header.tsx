import { onlineManager } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { type RealtimeStatus, useCoalescerState } from 'realtime-coalescer/react'
import type { Session } from '../shared/session.ts'
import { useRun } from './demo.ts'
import { InspectorButton } from './InspectorButton.tsx'
import type { Playing } from './lab/usePlaying.ts'

const statusTexts: Record<RealtimeStatus, string> = {
  idle: 'Feed not joined',
  connecting: 'Feed connecting',
  attaching: 'Feed attaching',
  live: 'Feed live',
  interrupted: 'Feed interrupted',
  closed: 'Feed closed',
}

const followOnline = (changed: () => void) => onlineManager.subscribe(changed)

interface HeaderProps {
  readonly status: RealtimeStatus
  readonly realtime: Session['realtime']
  readonly playing: Playing
}

export function Header({ status, realtime, playing }: HeaderProps) {
  const phase = useCoalescerState((snapshot) => snapshot.phase)
  const isBusy = useCoalescerState(({ pendingKeys, inFlight }) => pendingKeys > 0 || inFlight > 0)
  const isOnline = useSyncExternalStore(followOnline, () => onlineManager.isOnline())
  const { received, behindHashes, hasBegun } = useRun()
  const isCalm = hasBegun && phase === 'idle' && !isBusy && behindHashes.length === 0
  return (
    <header className="header">
      <div className="brand">
        <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" />
          <path d="M5 9h6q5 0 7 7M5 16h22M5 23h6q5 0 7-7" />
        </svg>
        <div>
          <h1>realtime-coalescer</h1>
          <p>The fewest requests that still never leave stale data on the screen.</p>
        </div>
      </div>
      <div className="header-side">
        <span className={`chip status-${status}`} role="status">
          <i aria-hidden="true" />
          {statusTexts[status]}
        </span>
        {!isOnline && (
          <span className="chip status-interrupted" role="status">
            <i aria-hidden="true" />
            Offline: requests wait
          </span>
        )}
        <span className={`chip phase-${phase}`} data-calm={isCalm} data-received={received}>
          <i aria-hidden="true" />
          Coalescer {phase}
        </span>
        <InspectorButton realtime={realtime} playing={playing} />
      </div>
    </header>
  )
}
