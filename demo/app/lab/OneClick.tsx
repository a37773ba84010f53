import { useState } from 'react'
import { useStrategy } from 'realtime-coalescer/react'
import { type ClickResult, echoDelayMs, playClick } from '../../shared/playClick.ts'
import { readFaults, setFaults } from '../controls.ts'
import { useDemo } from '../demo.ts'
import { Card } from '../ui/Card.tsx'
import { Bar } from './Bar.tsx'
import { PlayButton } from './PlayButton.tsx'
import type { Playing } from './usePlaying.ts'

const title = 'One click'

/** One optimistic check-in by a plain app, and by one with the library: what each asks of the API. */
export function OneClick({ playing }: { readonly playing: Playing }) {
  const { address } = useDemo()
  const [strategy] = useStrategy()
  const [results, setResults] = useState<readonly ClickResult[]>([])

  const play = () =>
    playing.play(title, async () => {
      setResults([])
      await withLateChanges(async () => {
        for (const way of ['plain', strategy] as const) {
          const result = await playClick(address, way, { isLatencyHere: true })
          setResults((before) => [...before, result])
        }
      })
    })

  return (
    <Card title={title} aside={<PlayButton playing={playing} text="Click once" play={play} />}>
      <p className="muted" aria-live="polite">
        {playing.title === title
          ? 'Two apps of their own check in, one after the other …'
          : `A check-in that is shown at once. Its row and those of its triggers come through the feed ${echoDelayMs} ms later, when all has been fetched already.`}
      </p>
      {results.length > 0 && <ClickTable results={results} />}
    </Card>
  )
}

function ClickTable({ results }: { readonly results: readonly ClickResult[] }) {
  const most = Math.max(1, ...results.map(({ totalRequests }) => totalRequests))
  return (
    <div className="table-scroll" role="region" aria-label="Requests per click" tabIndex={0}>
      <table className="comparison">
        <thead>
          <tr>
            <th scope="col">App</th>
            <th scope="col">Requests per click</th>
            <th scope="col">The goal shows</th>
          </tr>
        </thead>
        <tbody>
          {results.map(({ way, totalRequests, shown }) => (
            <tr key={way} className={way === 'plain' ? 'is-direct' : ''}>
              <th scope="row">{way === 'plain' ? 'plain TanStack Query' : way}</th>
              <td data-click={way}>
                <Bar share={totalRequests / most} text={String(totalRequests)} />
              </td>
              <td>{shown.join(' → ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Has changes arrive late meanwhile. A real project has a delay of its own, and no faults to set. */
async function withLateChanges(work: () => Promise<void>): Promise<void> {
  const before = await readFaults().catch(() => undefined)
  if (before === undefined) return work()
  await setFaults({ deliveryDelayMs: echoDelayMs })
  try {
    await work()
  } finally {
    await setFaults({ deliveryDelayMs: before.settings.deliveryDelayMs })
  }
}
