import { useCallback, useRef, useState } from 'react'
import { useDemo } from '../demo.ts'
import { playStorm } from '../controls.ts'
import type { Recording } from '../../shared/scenarios.ts'
import { CompareAll } from './CompareAll.tsx'
import { EndpointBars } from './EndpointBars.tsx'
import { FaultControls } from './FaultControls.tsx'
import { RunChart } from './RunChart.tsx'
import { Scoreboard } from './Scoreboard.tsx'
import { StormControls, type StormSettings, recordStorm } from './StormControls.tsx'
import { StrategySwitch } from './StrategySwitch.tsx'
import { useApiLatency } from './useApiLatency.ts'

/** Where storms are made and their cost is shown. */
export function Lab() {
  const { run } = useDemo()
  const [settings, setSettings] = useState<StormSettings>({ ratePerSecond: 50, durationMs: 3000 })
  const [latencyMs, changeLatency] = useApiLatency()
  const [playing, setPlaying] = useState<string>()
  const [problem, setProblem] = useState<string>()
  const isPlaying = useRef(false)

  const play = useCallback(
    async (title: string, work: () => Promise<unknown>) => {
      if (isPlaying.current) return
      isPlaying.current = true
      setPlaying(title)
      setProblem(undefined)
      run.begin(title)
      try {
        await work()
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error))
      } finally {
        isPlaying.current = false
        setPlaying(undefined)
      }
    },
    [run],
  )
  const playRecording = (title: string, recording: Recording) => void play(title, () => playStorm(recording))

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
        playing={playing}
        onPlay={playRecording}
      />
      {problem !== undefined && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <Scoreboard />
      <EndpointBars />
      <RunChart />
      <CompareAll
        recording={recordStorm(settings)}
        settings={settings}
        latencyMs={latencyMs}
        playing={playing}
        onPlay={play}
      />
      <FaultControls />
    </section>
  )
}
