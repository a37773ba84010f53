import { useState } from 'react'
import { useDemo } from '../demo.ts'
import type { Recording } from '../../shared/scenarios.ts'
import { CompareAll } from './CompareAll.tsx'
import { EndpointBars } from './EndpointBars.tsx'
import type { FeedName } from '../../shared/feeds.ts'
import { FaultControls } from './FaultControls.tsx'
import { FeedSwitch } from './FeedSwitch.tsx'
import { OneClick } from './OneClick.tsx'
import { RunChart } from './RunChart.tsx'
import { Scoreboard } from './Scoreboard.tsx'
import { playRun } from './playRun.ts'
import { StormControls, type StormSettings, recordStorm } from './StormControls.tsx'
import { StrategySwitch } from './StrategySwitch.tsx'
import type { Playing } from './usePlaying.ts'
import { useApiLatency } from './useApiLatency.ts'

interface LabProps {
  readonly playing: Playing
  readonly feed: FeedName
  readonly onFeed: (feed: FeedName) => void
}

/** Where storms are made and their cost is shown. */
export function Lab({ playing, feed, onFeed }: LabProps) {
  const demo = useDemo()
  const [settings, setSettings] = useState<StormSettings>({ ratePerSecond: 50, durationMs: 3000 })
  const [latencyMs, changeLatency] = useApiLatency()
  const playRecording = (title: string, recording: Recording) =>
    void playing.play(title, () => playRun(demo, title, recording))

  return (
    <section className="column lab" id="lab" tabIndex={-1} aria-labelledby="lab-title">
      <div className="column-head">
        <h2 id="lab-title">Storm lab</h2>
        <p>Make a storm, watch the requests, switch the strategy while it runs.</p>
      </div>
      <StrategySwitch />
      <StormControls
        settings={settings}
        onSettings={setSettings}
        latencyMs={latencyMs}
        onLatency={changeLatency}
        playing={playing.title}
        onPlay={playRecording}
      />
      {playing.problem !== undefined && (
        <p className="problem" role="alert">
          {playing.problem}
        </p>
      )}
      <Scoreboard />
      <EndpointBars />
      <RunChart />
      <CompareAll recording={recordStorm(settings)} settings={settings} latencyMs={latencyMs} playing={playing} />
      <OneClick playing={playing} />
      <FeedSwitch feed={feed} onFeed={onFeed} />
      <FaultControls />
    </section>
  )
}
