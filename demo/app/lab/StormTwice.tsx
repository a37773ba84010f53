import { useState } from 'react'
import type { StrategyName } from 'realtime-coalescer'
import { useStrategy } from 'realtime-coalescer/react'
import { record } from '../../shared/scenarios.ts'
import { useDemo, useRun } from '../demo.ts'
import { formatMs, savedPercent } from '../ui/format.ts'
import { type Comparison, compareStrategy } from './compareStrategy.ts'
import { compareWithDatabase } from './compareWithDatabase.ts'
import type { Playing } from './usePlaying.ts'

type Side = 'without' | 'with'

interface Outcome extends Comparison {
  /** Queries on screen that are not what the database says. */
  readonly different: readonly string[]
}

const title = 'One storm, twice'
const recording = record(150, 20)
/** About what an app without the library asks for: the length of a full bar. */
const fullBar = recording.length * 4

const progress: Record<Side, string> = {
  without: 'Playing it without the library: each change fetches every query it touches …',
  with: 'The same changes again, with the library …',
}

/** The first thing a visitor is invited to: the same storm without the library and with it, measured. */
export function StormTwice({ playing }: { playing: Playing }) {
  const demo = useDemo()
  const [strategyNow, switchStrategy] = useStrategy()
  const [current, setCurrent] = useState<Side>()
  const [outcomes, setOutcomes] = useState<Partial<Record<Side, Outcome>>>({})
  const [strategy, setStrategy] = useState<StrategyName>('debounce')
  const isBusy = playing.title !== undefined

  const play = () =>
    playing.play(title, async () => {
      const together = strategyNow === 'direct' ? 'debounce' : strategyNow
      setStrategy(together)
      setOutcomes({})
      try {
        for (const [side, name] of [['without', 'direct'] as const, ['with', together] as const]) {
          setCurrent(side)
          const comparison = await compareStrategy(demo, name, recording, `${title}: ${name}`)
          const { different } = await compareWithDatabase(demo.session)
          setOutcomes((before) => ({ ...before, [side]: { ...comparison, different } }))
        }
      } finally {
        setCurrent(undefined)
        switchStrategy(strategyNow)
      }
    })

  return (
    <section className="twice" aria-labelledby="twice-title">
      <div className="twice-invitation">
        <h2 id="twice-title">{title}</h2>
        <p>
          {recording.length} changes are about to hit the database in three seconds, and seven queries on this page show
          that data. See what it costs an app without the library, then with it.
        </p>
        <button type="button" className="button primary large" aria-disabled={isBusy} onClick={() => void play()}>
          {outcomes.with ? 'Once more' : 'Show me'}
        </button>
      </div>
      <div className="twice-result">
        <SideBar
          side="without"
          name="Without the library"
          isCurrent={current === 'without'}
          outcome={outcomes.without}
        />
        <SideBar
          side="with"
          name={`With it, under ${strategy}`}
          isCurrent={current === 'with'}
          outcome={outcomes.with}
        />
        <p className="twice-verdict" aria-live="polite">
          {current !== undefined && progress[current]}
          {current === undefined && outcomes.without && outcomes.with && (
            <Verdict without={outcomes.without} together={outcomes.with} />
          )}
          {current === undefined && outcomes.with === undefined && 'Takes about ten seconds. Both sides are measured.'}
        </p>
      </div>
    </section>
  )
}

interface SideBarProps {
  readonly side: Side
  readonly name: string
  readonly isCurrent: boolean
  readonly outcome: Outcome | undefined
}

function SideBar({ side, name, isCurrent, outcome }: SideBarProps) {
  const run = useRun()
  const requests = isCurrent ? run.requests : outcome?.requests
  return (
    <div className={`twice-side is-${side}`}>
      <span className="twice-name">{name}</span>
      <span className="twice-track" aria-hidden="true">
        <span style={{ inlineSize: `${Math.min(100, (100 * (requests ?? 0)) / fullBar)}%` }} />
      </span>
      <span className="twice-count" data-twice={side}>
        {requests === undefined ? '–' : `${requests} requests`}
      </span>
    </div>
  )
}

function Verdict({ without, together }: { without: Outcome; together: Outcome }) {
  const different = [...without.different, ...together.different]
  return (
    <>
      <strong>{savedPercent(together.requests, without.requests)} % fewer requests.</strong>{' '}
      {different.length === 0
        ? 'Both times the screen equals the database at the end.'
        : `The screen differs from the database: ${different.join(', ')}.`}{' '}
      The slowest change took {formatMs(without.longestToFreshMs)} to the screen without it,{' '}
      {formatMs(together.longestToFreshMs)} with it.
    </>
  )
}
