'use client'
import type { ReactElement } from 'react'
import type { FlushReason } from '../../../actions/types.ts'
import type { Arrived } from '../monitor/arrivals.ts'
import { formatCount, formatValue } from '../monitor/format.ts'
import type { TimelineKey } from '../monitor/timeline.ts'

/** The labels of what came, with how often each did. */
export function Sources({ sources }: Arrived): ReactElement | null {
  if (sources.length === 0) return null
  const text = sources.map(({ source, count }) => (count > 1 ? `${source} ×${count}` : source)).join(', ')
  return (
    <span className="rtc-sources" title={text}>
      {text}
    </span>
  )
}

interface KeysProps {
  readonly keys: readonly TimelineKey[]
  readonly total: number
  /** The reason that is told already. */
  readonly reason: FlushReason
  readonly lead?: string
}

/** Keys with what came for them, and why each was flushed if that is another reason. */
export function Keys({ keys, total, reason, lead = '' }: KeysProps): ReactElement {
  return (
    <ul className="rtc-keys">
      {keys.map((key, position) => (
        // A key and its exact twin read alike.
        <li key={position}>
          {lead}
          <code>{formatValue(key.queryKey)}</code> {formatCount(key.events, 'event')}
          {key.reason !== reason && <b className="rtc-reason"> {key.reason}</b>}
          <Sources sources={key.sources} />
        </li>
      ))}
      <Rest total={total} shown={keys.length} />
    </ul>
  )
}

/** How many more there are than are shown. */
export function Rest({ total, shown }: { readonly total: number; readonly shown: number }): ReactElement | null {
  return total > shown ? <li className="rtc-hint">… and {total - shown} more</li> : null
}
