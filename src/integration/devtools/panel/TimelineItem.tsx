'use client'
import { type ReactElement, type ReactNode, memo, useId, useState } from 'react'
import { causeTexts } from '../monitor/causes.ts'
import { formatCount, formatMs, formatTime, formatValue } from '../monitor/format.ts'
import type { FlushEntry, RequestsEntry, TimelineEntry, TimelineRequest } from '../monitor/timeline.ts'
import { FlushDetails, reasons } from './FlushDetails.tsx'
import { Rest } from './Keys.tsx'
import { RequestStateLabel } from './RequestStateLabel.tsx'

/** One line of the timeline. Its details are drawn while it is open. */
export const TimelineItem = memo(({ entry }: { readonly entry: TimelineEntry }) => (
  <li data-type={entry.type}>
    <time>{formatTime(entry.atMs)}</time>
    <Content entry={entry} />
  </li>
))

function Content({ entry }: { readonly entry: TimelineEntry }): ReactElement {
  switch (entry.type) {
    case 'flush':
      return <Flush entry={entry} />
    case 'requests':
      return <Requests entry={entry} />
    case 'switch': {
      const moved = entry.pendingKeys > 0 ? `, ${entry.pendingKeys} pending moved over` : ''
      const what = entry.from === entry.to ? `${entry.to}: new timing` : `${entry.from} → ${entry.to}`
      return <span>{what + moved}</span>
    }
    case 'failure':
      return (
        <span className="rtc-failure">
          {entry.what} failed: {entry.message}
        </span>
      )
    case 'feed':
      return <span>{entry.text}</span>
  }
}

function Disclosure({ summary, children }: { readonly summary: ReactNode; readonly children: () => ReactNode }) {
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  return (
    <div>
      <button
        type="button"
        className="rtc-summary"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        {summary}
      </button>
      {isOpen && (
        <div id={id} className="rtc-details">
          {children()}
        </div>
      )}
    </div>
  )
}

function Flush({ entry }: { readonly entry: FlushEntry }): ReactElement {
  const { reason, waitedMs, rowChanges, otherEvents, keyCount, fetchCount, fetches, gap } = entry
  const came = [
    rowChanges > 0 && formatCount(rowChanges, 'row change'),
    gap === undefined ? otherEvents > 0 && formatCount(otherEvents, 'call') : 'catch-up',
  ].filter(Boolean)
  return (
    <Disclosure
      summary={
        <>
          <b className="rtc-reason" title={reasons[reason]}>
            {reason}
          </b>{' '}
          {came.length > 0 && `${came.join(', ')} → `}
          {formatCount(keyCount, 'key')} → {formatCount(fetchCount, 'fetch', 'fetches')}
          <span className="rtc-dim">, waited {formatMs(waitedMs)}</span>
          <Outcome requests={fetches} />
        </>
      }
    >
      {() => <FlushDetails entry={entry} />}
    </Disclosure>
  )
}

function Requests({ entry }: { readonly entry: RequestsEntry }): ReactElement {
  const { cause, requestCount, requests } = entry
  const { name, text } = causeTexts[cause]
  const [first] = requests
  return (
    <Disclosure
      summary={
        <>
          <b className="rtc-cause">{name}</b>{' '}
          {requestCount === 1 && first ? <code>{formatValue(first.queryKey)}</code> : `${requestCount} requests`}
          <Outcome requests={requests} />
        </>
      }
    >
      {() => (
        <>
          <p>Requested because {text}.</p>
          <ul>
            {requests.map((request, position) => (
              <li key={position}>
                <code>{formatValue(request.queryKey)}</code> <RequestStateLabel request={request} />
                {request.note !== undefined && <span className="rtc-dim"> {request.note}</span>}
              </li>
            ))}
            <Rest total={requestCount} shown={requests.length} />
          </ul>
        </>
      )}
    </Disclosure>
  )
}

/** How the requests of an entry stand, as long as that is worth a word. */
function Outcome({ requests }: { readonly requests: readonly TimelineRequest[] }): ReactElement | null {
  const count = (...states: readonly string[]): number => requests.filter(({ state }) => states.includes(state)).length
  const [running, failed] = [count('waiting', 'fetching', 'paused'), count('error')]
  if (running + failed === 0) return null
  return (
    <span className="rtc-outcome">
      {running > 0 && <span data-state="fetching">{running} under way</span>}
      {failed > 0 && <span data-state="error">{failed} failed</span>}
    </span>
  )
}
