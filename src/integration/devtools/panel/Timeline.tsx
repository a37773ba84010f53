'use client'
import { type ReactElement, memo, useDeferredValue, useId, useState } from 'react'
import { formatCount } from '../monitor/format.ts'
import { type Kind, findEntries, kinds } from '../monitor/search.ts'
import type { TimelineEntry } from '../monitor/timeline.ts'
import { CopyButton } from './CopyButton.tsx'
import { StayInPlace } from './StayInPlace.tsx'
import { TimelineItem } from './TimelineItem.tsx'

/** So many are drawn; the others are found by a search. */
const MAX_SHOWN = 100

interface TimelineProps {
  readonly entries: readonly TimelineEntry[]
  readonly isPaused: boolean
  /** How many have come since the pause. */
  readonly newer: number
  readonly setPaused: (isPaused: boolean) => void
  readonly clear: () => void
  readonly write: (entries: readonly TimelineEntry[]) => string
}

/** What happened, newest first: changes, the flush they led to and why, its fetches, and every other request. */
export const Timeline = memo(({ entries, isPaused, newer, setPaused, clear, write }: TimelineProps): ReactElement => {
  const [kind, setKind] = useState<Kind>('all')
  const [search, setSearch] = useState('')
  const found = findEntries(entries, kind, useDeferredValue(search))
  const shown = found.slice(0, MAX_SHOWN)
  const [searchId, kindId] = [useId(), useId()]
  const hidden = found.length - shown.length

  return (
    <section className="rtc-timeline" aria-label="Timeline">
      <div className="rtc-bar-of-tools">
        <h3>Timeline</h3>
        <label className="rtc-hidden" htmlFor={searchId}>
          Search the timeline
        </label>
        <input
          id={searchId}
          type="search"
          placeholder="Search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <label className="rtc-hidden" htmlFor={kindId}>
          Show
        </label>
        <select id={kindId} value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
          {kinds.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          Pause
        </button>
        <button type="button" onClick={clear}>
          Clear
        </button>
        <CopyButton write={() => write(found)} />
      </div>
      <p className="rtc-hint rtc-line" role="status">
        {isPaused && `Paused, ${newer} newer. `}
        {found.length < entries.length
          ? `${found.length} of ${formatCount(entries.length, 'entry', 'entries')}`
          : formatCount(entries.length, 'entry', 'entries')}
      </p>
      <StayInPlace label="Timeline entries" firstId={shown[0]?.id}>
        {entries.length === 0 && <p className="rtc-hint">No flush and no request yet.</p>}
        <ol>
          {shown.map((entry) => (
            <TimelineItem key={entry.id} entry={entry} />
          ))}
        </ol>
        {hidden > 0 && <p className="rtc-hint">… and {hidden} older: search to find them</p>}
      </StayInPlace>
    </section>
  )
})
