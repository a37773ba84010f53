import { useState } from 'react'
import { useCoalescerState, useStrategy } from 'realtime-coalescer/react'
import type { StrategyName } from 'realtime-coalescer'
import type { Recording } from '../../shared/scenarios.ts'
import { strategyNames } from '../../shared/strategies.ts'
import { useDemo } from '../demo.ts'
import { Card } from '../ui/Card.tsx'
import { formatMs } from '../ui/format.ts'
import { type Comparison, compareStrategy } from './compareStrategy.ts'
import { Bar } from './Bar.tsx'
import { PlayButton } from './PlayButton.tsx'
import type { StormSettings } from './StormControls.tsx'
import type { Playing } from './usePlaying.ts'

interface CompareAllProps {
  readonly recording: Recording
  readonly settings: StormSettings
  readonly latencyMs: number
  readonly playing: Playing
}

/** Runs the same storm under every strategy, one after the other. */
export function CompareAll({ recording, settings, latencyMs, playing }: CompareAllProps) {
  const demo = useDemo()
  const [, switchStrategy] = useStrategy()
  const strategyBefore = useCoalescerState((snapshot) => snapshot.strategy)
  const [results, setResults] = useState<readonly Comparison[]>([])
  const [title, setTitle] = useState<string>()
  const [current, setCurrent] = useState<StrategyName>()

  const compare = () =>
    playing.play('Compare all', async () => {
      setResults([])
      setTitle(`${recording.length} changes in ${formatMs(settings.durationMs)}, API latency ${formatMs(latencyMs)}`)
      try {
        for (const strategy of strategyNames) {
          setCurrent(strategy)
          const result = await compareStrategy(demo, strategy, recording)
          setResults((before) => [...before, result])
        }
      } finally {
        setCurrent(undefined)
        switchStrategy(strategyBefore)
      }
    })

  return (
    <Card title="Compare all strategies" aside={<PlayButton playing={playing} text="Compare all" play={compare} />}>
      <p className="muted" aria-live="polite">
        {current === undefined
          ? (title ?? 'Plays the storm set above under each strategy, one after the other.')
          : `${title}. Playing it under ${current} …`}
      </p>
      {results.length > 0 && <ComparisonTable results={results} />}
    </Card>
  )
}

function ComparisonTable({ results }: { results: readonly Comparison[] }) {
  const direct = results.find(({ strategy }) => strategy === 'direct')
  const mostRequests = Math.max(1, ...results.map(({ requests }) => requests))
  const mostMs = Math.max(1, ...results.map(({ longestToFreshMs }) => longestToFreshMs))
  return (
    <div className="table-scroll" role="region" aria-label="Comparison" tabIndex={0}>
      <table className="comparison">
        <thead>
          <tr>
            <th scope="col">Strategy</th>
            <th scope="col">Requests</th>
            <th scope="col">Saved</th>
            <th scope="col">Slowest to fresh</th>
          </tr>
        </thead>
        <tbody>
          {results.map(({ strategy, requests, longestToFreshMs }) => (
            <tr key={strategy} className={strategy === 'direct' ? 'is-direct' : ''}>
              <th scope="row">{strategy}</th>
              <td>
                <Bar share={requests / mostRequests} text={String(requests)} />
              </td>
              <td className="saved">
                {direct === undefined || strategy === 'direct'
                  ? '–'
                  : `${Math.round(100 * (1 - requests / Math.max(1, direct.requests)))} %`}
              </td>
              <td>
                <Bar share={longestToFreshMs / mostMs} text={formatMs(longestToFreshMs)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
