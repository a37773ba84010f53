'use client'
import { type ReactElement, memo } from 'react'
import type { WaitExplanation } from '../../../actions/windows/windows.ts'
import { formatCount, formatMs } from '../monitor/format.ts'
import type { PendingView } from '../monitor/pending.ts'
import { Sources } from './Keys.tsx'
import { Waits } from './Waits.tsx'

interface PendingProps {
  readonly pending: PendingView
  readonly waits: readonly WaitExplanation[]
  readonly maxWaitMs: number
}

/** What waits for a flush, and how long already. Its height stays the same, so that nothing below it moves. */
export const Pending = memo(({ pending, waits, maxWaitMs }: PendingProps): ReactElement => {
  const { held, count, items } = pending
  return (
    <section className="rtc-pending" aria-label="Pending keys">
      <h3>
        Pending <span className="rtc-dim">{count}</span>
      </h3>
      <div className="rtc-scroll" role="region" aria-label="Pending keys, the oldest first" tabIndex={0}>
        {count + held.length === 0 && <p className="rtc-hint">Nothing waits for a flush.</p>}
        <Waits waits={waits} isOpen />
        <ul>
          {items.map((item, position) => (
            // Buffered changes of one table read alike, and so do a key and its exact twin.
            <li key={position}>
              <code>{item.text}</code>
              <Sources sources={item.sources} />
              <span className="rtc-age">
                {formatCount(item.events, 'event')}, {formatMs(Math.max(0, item.ageMs))}
              </span>
              <progress max={maxWaitMs || 1} value={Math.max(0, item.ageMs)} aria-hidden="true" />
            </li>
          ))}
        </ul>
        <ul>
          {held.map(({ text, waitsFor }, position) => (
            <li key={position} data-held>
              <code>{text}</code> <span className="rtc-age">waits for mutation {waitsFor}</span>
            </li>
          ))}
        </ul>
        {count > items.length && <p className="rtc-hint">… and {count - items.length} more</p>}
      </div>
    </section>
  )
})
