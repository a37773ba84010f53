import type { ReactNode } from 'react'
import { useRun } from '../demo.ts'
import { Card } from '../ui/Card.tsx'
import { formatMs, savedPercent } from '../ui/format.ts'
import { DatabaseCheck } from './DatabaseCheck.tsx'

/** The figures of the current run. */
export function Scoreboard() {
  const { title, changes, requests, direct, behindHashes, longestToFreshMs } = useRun()
  const behind = behindHashes.length
  const saved = savedPercent(requests, direct)
  return (
    <Card title={title} aside={<DatabaseCheck />} className="scoreboard">
      <dl className="scores">
        <Score name="Changes received" id="changes" value={changes} />
        <Score name="Requests made" id="requests" value={requests} tone="made" />
        <Score name="Without the library" id="direct" value={direct} tone="direct" />
        <Score name="Saved" id="saved" value={direct === requests ? '–' : `${saved} %`} />
        <Score name="Slowest to fresh" id="fresh" value={changes === 0 ? '–' : formatMs(longestToFreshMs)} />
        <Score name="Queries behind" id="behind" value={behind} tone={behind > 0 ? 'direct' : undefined} />
      </dl>
    </Card>
  )
}

interface ScoreProps {
  readonly name: string
  readonly id: string
  readonly value: ReactNode
  readonly tone?: 'made' | 'direct' | undefined
}

function Score({ name, id, value, tone }: ScoreProps) {
  return (
    <div className={tone === undefined ? '' : `tone-${tone}`}>
      <dt>{name}</dt>
      <dd data-score={id}>{value}</dd>
    </div>
  )
}
