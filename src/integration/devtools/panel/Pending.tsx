'use client'
import type { ReactElement } from 'react'
import { formatMs } from '../monitor/format.ts'
import type { PendingView } from '../monitor/pending.ts'

/** What waits for a flush, and how long already. */
export function Pending({ pending, maxWaitMs }: { pending: PendingView; maxWaitMs: number }): ReactElement {
  const { held, count, items } = pending
  return (
    <section className="rtc-pending" aria-label="Pending keys">
      <h3>
        Pending <span className="rtc-count">{count}</span>
      </h3>
      {count + held.length === 0 && <p className="rtc-hint">Nothing waits for a flush.</p>}
      <ul>
        {items.map((item, position) => (
          // Buffered changes of one table read alike, and so do a key and its exact twin.
          <li key={`${position} ${item.text}`}>
            <code>{item.text}</code>
            <span className="rtc-sources">{item.sources.join(', ')}</span>
            <span className="rtc-age">
              {item.events} {item.events === 1 ? 'event' : 'events'}, {formatMs(Math.max(0, item.ageMs))}
            </span>
            <span className="rtc-bar" style={{ width: `${Math.min(100, (100 * item.ageMs) / (maxWaitMs || 1))}%` }} />
          </li>
        ))}
      </ul>
      <ul>
        {held.map(({ text, waitsFor }, position) => (
          <li key={`${position} ${text}`} data-held>
            <code>{text}</code> <span className="rtc-age">waits for mutation {waitsFor}</span>
          </li>
        ))}
      </ul>
      {count > items.length && <p className="rtc-hint">… and {count - items.length} more</p>}
    </section>
  )
}
