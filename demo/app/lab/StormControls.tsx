import { type Recording, record, scenarios } from '../../shared/scenarios.ts'
import { Card } from '../ui/Card.tsx'
import { Slider } from '../ui/Slider.tsx'
import { formatMs } from '../ui/format.ts'

export interface StormSettings {
  readonly ratePerSecond: number
  readonly durationMs: number
}

interface StormControlsProps {
  readonly settings: StormSettings
  readonly onSettings: (settings: StormSettings) => void
  readonly latencyMs: number
  readonly onLatency: (latencyMs: number) => void
  /** The title of the storm that runs now. */
  readonly playing: string | undefined
  readonly onPlay: (title: string, recording: Recording) => void
}

const cases = [
  { title: 'Regenerate', detail: 'DELETE + INSERT', recording: scenarios.a.recording },
  { title: 'Check-in', detail: '4 tables by triggers', recording: scenarios.b.recording },
  { title: '200 changes', detail: 'mixed, in 2 s', recording: scenarios.c.recording },
  { title: 'Steady stream', detail: 'every 40 ms for 5 s', recording: scenarios.d.recording },
] as const

/** The same storm for the same settings. */
export const recordStorm = ({ ratePerSecond, durationMs }: StormSettings): Recording =>
  record(Math.max(1, Math.round((ratePerSecond * durationMs) / 1000)), 1000 / ratePerSecond)

export function StormControls({ settings, onSettings, latencyMs, onLatency, playing, onPlay }: StormControlsProps) {
  const { ratePerSecond, durationMs } = settings
  const recording = recordStorm(settings)
  return (
    <Card title="Make a storm" aside={<span className="muted">{playing === undefined ? 'Calm' : `${playing} …`}</span>}>
      <div className="cases">
        {cases.map(({ title, detail, recording: recorded }) => (
          <button
            key={title}
            type="button"
            className="button case"
            aria-disabled={playing !== undefined}
            onClick={() => onPlay(title, recorded)}
          >
            <strong>{title}</strong>
            <small>{detail}</small>
          </button>
        ))}
      </div>
      <div className="sliders">
        <Slider
          label="Rate"
          value={ratePerSecond}
          min={5}
          max={200}
          step={5}
          format={(value) => `${value} a second`}
          onChange={(value) => onSettings({ ...settings, ratePerSecond: value })}
        />
        <Slider
          label="Duration"
          value={durationMs}
          min={500}
          max={10_000}
          step={500}
          format={formatMs}
          onChange={(value) => onSettings({ ...settings, durationMs: value })}
        />
        <Slider
          label="API latency"
          value={latencyMs}
          min={0}
          max={1000}
          step={20}
          format={formatMs}
          onChange={onLatency}
        />
      </div>
      <button
        type="button"
        className="button primary wide"
        aria-disabled={playing !== undefined}
        onClick={() => onPlay('Storm', recording)}
      >
        Start a storm of {recording.length} changes
      </button>
    </Card>
  )
}
