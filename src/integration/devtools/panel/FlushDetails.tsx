'use client'
import type { ReactElement } from 'react'
import type { FlushReason } from '../../../actions/types.ts'
import { formatValue } from '../monitor/format.ts'
import type { FlushEntry } from '../monitor/timeline.ts'
import { Keys, Rest } from './Keys.tsx'
import { RequestStateLabel } from './RequestStateLabel.tsx'
import { Waits } from './Waits.tsx'

export const reasons: Readonly<Record<FlushReason, string>> = {
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

/** All there is to say of a flush. */
export function FlushDetails({ entry }: { readonly entry: FlushEntry }): ReactElement {
  const { reason, keys, keyCount, fetches, fetchCount, skippedFresh, markedStale, marked, gap, waits } = entry
  return (
    <>
      <p>
        Flushed because {reasons[reason]}.{gap !== undefined && ` ${gap}`}
        {skippedFresh > 0 && ` ${skippedFresh} left alone, fresh already.`}
      </p>
      <Waits waits={waits} isOpen={false} />
      <h4>Keys</h4>
      <Keys keys={keys} total={keyCount} reason={reason} />
      {fetchCount > 0 && <h4>Fetches</h4>}
      <ul className="rtc-fetches">
        {fetches.map((fetch, position) => (
          <li key={position}>
            <code>{formatValue(fetch.queryKey)}</code> <RequestStateLabel request={fetch} />
            <Keys keys={fetch.causes} total={fetch.causes.length} reason={reason} lead="because of " />
          </li>
        ))}
        <Rest total={fetchCount} shown={fetches.length} />
      </ul>
      {markedStale > 0 && <h4>{markedStale} marked stale only</h4>}
      <ul className="rtc-marked">
        {marked.map((queryKey, position) => (
          <li key={position}>
            <code>{formatValue(queryKey)}</code>
          </li>
        ))}
        <Rest total={markedStale} shown={marked.length} />
      </ul>
    </>
  )
}
