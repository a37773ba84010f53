'use client'
import type { ReactElement } from 'react'
import type { WaitCause, WaitExplanation } from '../../../actions/windows/windows.ts'
import { formatMs } from '../monitor/format.ts'

const BAR_WIDTH = 7
const HEIGHT = 22

const reasons: Readonly<Record<WaitCause, (wait: WaitExplanation) => string>> = {
  learned: ({ waitMs }) => `by its recent gaps, up to ${formatMs(waitMs)} for the next change cost less than a request`,
  quiet: ({ waitMs, isKnown }) =>
    isKnown
      ? `by its recent gaps, it does not pay to wait longer than the least, ${formatMs(waitMs)}`
      : `too few of its gaps are known yet, so twice the least, ${formatMs(waitMs)}`,
  silence: ({ waitMs }) => `what comes after a silence waits ${formatMs(waitMs)} at most, whatever was learned`,
  burst: () => 'changes of other roots were coming in, and one flush serves them all',
  maxWait: () => 'its first change had waited as long as it may',
}

interface WaitsProps {
  readonly waits: readonly WaitExplanation[]
  /** Whether they wait still, or have been flushed. */
  readonly isOpen: boolean
}

/** Why each root waits as long as it does, under a strategy that finds that out. */
export function Waits({ waits, isOpen }: WaitsProps): ReactElement | null {
  if (waits.length === 0) return null
  return (
    <ul className="rtc-waits" aria-label={isOpen ? 'Open windows' : 'How long the roots waited'}>
      {waits.map((wait) => (
        <li key={wait.root}>
          <code>{wait.root}</code> {isOpen ? 'waits' : 'waited'} {formatMs(wait.waitedMs)},{' '}
          <b className="rtc-reason">{wait.because}</b>: {reasons[wait.because](wait)}. <Gaps wait={wait} />
        </li>
      ))}
    </ul>
  )
}

/** A histogram of the gaps between changes of a root; those that the wait covers are filled. */
function Gaps({ wait: { gaps, waitMs } }: { wait: WaitExplanation }): ReactElement {
  const most = Math.max(...gaps.map(({ share }) => share))
  const parts = gaps
    .filter(({ share }) => share > 0)
    .map((gap) => `${formatUpto(gaps, gap.uptoMs)}: ${percent(gap.share)}`)
  const text =
    parts.length > 0 ? `Gaps between its changes: ${parts.join(', ')}` : 'No gap between its changes is known'
  return (
    <svg
      className="rtc-gaps"
      role="img"
      aria-label={text}
      width={gaps.length * BAR_WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${gaps.length * BAR_WIDTH} ${HEIGHT}`}
    >
      <title>{text}</title>
      {gaps.map(({ uptoMs, share }, index) => {
        const height = share === 0 ? 1 : Math.max(2, ((HEIGHT - 1) * share) / most)
        return (
          <rect
            key={uptoMs}
            x={index * BAR_WIDTH}
            y={HEIGHT - height}
            width={BAR_WIDTH - 1}
            height={height}
            data-covered={uptoMs <= waitMs || undefined}
          />
        )
      })}
    </svg>
  )
}

const percent = (share: number): string => `${Math.round(100 * share)} %`

function formatUpto(gaps: WaitExplanation['gaps'], uptoMs: number): string {
  if (Number.isFinite(uptoMs)) return `up to ${formatMs(uptoMs)}`
  return `longer than ${formatMs(gaps.at(-2)?.uptoMs ?? 0)}`
}
