'use client'
import type { ReactElement } from 'react'
import type { FlushReason } from '../../../actions/types.ts'
import { formatMs } from '../monitor/format.ts'
import { Waits } from './Waits.tsx'
import type { TimelineEntry, TimelineFetch, TimelineKey } from '../monitor/timeline.ts'

type FlushEntry = Extract<TimelineEntry, { type: 'flush' }>

const reasons: Readonly<Record<FlushReason, string>> = {
  quiet: 'the feed went quiet',
  maxWait: 'the oldest event had waited as long as it may',
  manual: 'flush() was called',
  urgent: 'an urgent event came',
  leading: 'the first event after idle does not wait',
  switch: 'the strategy was switched',
  visible: 'the page came back',
  stop: 'the coalescer was stopped',
  direct: 'direct flushes each event at once',
}

const count = (n: number, noun: string, plural = `${noun}s`): string => `${n} ${n === 1 ? noun : plural}`

/** What happened, newest first: changes, the flush they led to and why, and its fetches. */
export function Timeline({ entries }: { entries: readonly TimelineEntry[] }): ReactElement {
  return (
    <section className="rtc-timeline" aria-label="Timeline">
      <h3>Timeline</h3>
      {entries.length === 0 && <p className="rtc-hint">No flush yet.</p>}
      <div className="rtc-scroll" role="region" aria-label="Timeline entries" tabIndex={0}>
        <ol>
          {entries.map((entry) => (
            <li key={entry.id} data-type={entry.type}>
              <time>{new Date(entry.atMs).toISOString().slice(11, 23)}</time>
              {entry.type === 'flush' && <Flush entry={entry} />}
              {entry.type === 'switch' && (
                <span>
                  {entry.from === entry.to ? `${entry.to}: new timing` : `${entry.from} → ${entry.to}`}
                  {entry.pendingKeys > 0 && `, ${entry.pendingKeys} pending moved over`}
                </span>
              )}
              {entry.type === 'failure' && (
                <span className="rtc-failure">
                  {entry.what} failed: {entry.message}
                </span>
              )}
            </li>
          ))}
        </ol>
      </div>
    </section>
  )
}

function Flush({ entry }: { entry: FlushEntry }): ReactElement {
  const { reason, waitedMs, events, keyCount, keys, fetchCount, fetches, skippedFresh, markedStale, waits } = entry
  return (
    <details>
      <summary>
        <b className="rtc-reason" title={reasons[reason]}>
          {reason}
        </b>{' '}
        {count(events, 'event')} → {count(keyCount, 'key')} → {count(fetchCount, 'fetch', 'fetches')}
        <span className="rtc-waited">, waited {formatMs(waitedMs)}</span>
      </summary>
      <p>
        Flushed because {reasons[reason]}.{skippedFresh > 0 && ` ${skippedFresh} left alone, fresh already.`}
        {markedStale > 0 && ` ${markedStale} marked stale only.`}
      </p>
      <Waits waits={waits} isOpen={false} />
      <h4>Changes</h4>
      <KeyList keys={keys} total={keyCount} />
      {fetchCount > 0 && <h4>Fetches</h4>}
      <ul>
        {fetches.map((fetch, position) => (
          // Shortened keys may read alike, and so do a key and its exact twin.
          <li key={`${position} ${fetch.text}`}>
            <code>{fetch.text}</code> <FetchState fetch={fetch} />
            <KeyList keys={fetch.causes} total={fetch.causes.length} lead="because of " />
          </li>
        ))}
      </ul>
      {fetchCount > fetches.length && <p className="rtc-hint">… and {fetchCount - fetches.length} more</p>}
    </details>
  )
}

function FetchState({ fetch: { state, tookMs } }: { fetch: TimelineFetch }): ReactElement {
  return (
    <span className="rtc-fetch" data-state={state}>
      {state}
      {tookMs !== undefined && ` in ${formatMs(tookMs)}`}
    </span>
  )
}

function KeyList({ keys, total, lead = '' }: { keys: readonly TimelineKey[]; total: number; lead?: string }) {
  return (
    <ul className="rtc-keys">
      {keys.map(({ text, events, sources }, position) => (
        <li key={`${position} ${text}`}>
          {lead}
          <code>{text}</code> {count(events, 'event')}
          {sources.length > 0 && <span className="rtc-sources">{sources.join(', ')}</span>}
        </li>
      ))}
      {total > keys.length && <li className="rtc-hint">… and {total - keys.length} more</li>}
    </ul>
  )
}
