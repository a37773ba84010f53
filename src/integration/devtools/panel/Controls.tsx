'use client'
import { type FormEvent, type ReactElement, memo, useId, useState } from 'react'
import type { Timing } from '../../../actions/timing.ts'
import type { OptionOf, ResolvedStrategy, StrategyRegistry } from '../../../machines/registry.ts'
import type { AnyCoalescer } from '../../query/coalescer.ts'
import { internalsOf } from '../../query/internals.ts'
import { formatError } from '../monitor/format.ts'

const labels: Readonly<Record<keyof Timing, string>> = {
  quietMs: 'quiet, ms',
  maxWaitMs: 'max wait, ms',
  refetchDelayMs: 'refetch delay, ms',
  jitterMs: 'jitter, ms',
  maxBufferedChanges: 'max buffered changes',
  leading: 'leading',
}

interface ControlsProps {
  readonly coalescer: AnyCoalescer
  readonly strategy: ResolvedStrategy
  readonly isStopped: boolean
}

/** Switches the strategy and its timing, flushes and resets. */
export const Controls = memo(({ coalescer, strategy, isStopped }: ControlsProps): ReactElement => {
  const [error, setError] = useState('')
  const selectId = useId()
  const { registry } = internalsOf(coalescer)
  // One that has died is stood in for by a strategy that need not be among them.
  const names = [...new Set([...Object.keys(registry), strategy.name])]
  const attempt = async (run: () => void | Promise<void>): Promise<void> => {
    setError('')
    try {
      await run()
    } catch (caught) {
      setError(formatError(caught))
    }
  }

  return (
    <section className="rtc-controls" aria-label="Controls">
      <fieldset disabled={isStopped}>
        <legend className="rtc-hidden">Strategy</legend>
        <label htmlFor={selectId}>Strategy</label>
        <select
          id={selectId}
          value={strategy.name}
          onChange={(event) => void attempt(() => coalescer.switchStrategy(event.target.value))}
        >
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <button
          type="button"
          title="Fetch what is pending now, without waiting for the window"
          onClick={() => void attempt(() => coalescer.flush())}
        >
          Flush
        </button>
        <button
          type="button"
          title="Forget all that is pending and cancel the fetches it started"
          onClick={() => void attempt(() => coalescer.reset())}
        >
          Reset
        </button>
      </fieldset>
      <TimingForm
        key={JSON.stringify(strategy)}
        strategy={strategy}
        options={registry[strategy.name]?.options ?? []}
        isStopped={isStopped}
        apply={(option) => void attempt(() => coalescer.switchStrategy(option))}
      />
      {error && (
        <p role="alert" className="rtc-failure">
          {error}
        </p>
      )}
    </section>
  )
})

interface TimingFormProps {
  readonly strategy: ResolvedStrategy
  readonly options: readonly (keyof Timing)[]
  readonly isStopped: boolean
  readonly apply: (option: OptionOf<StrategyRegistry>) => void
}

function TimingForm({ strategy: { name, timing }, options, isStopped, apply }: TimingFormProps): ReactElement {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const chosen = options.map((option) => [
      option,
      option === 'leading' ? data.has(option) : numberOf(data.get(option)),
    ])
    // The fields are those that the strategy takes; their values are checked by the switch.
    apply({ name, ...(Object.fromEntries(chosen) as object) } as OptionOf<StrategyRegistry>)
  }
  return (
    <details className="rtc-timing">
      <summary>Timing</summary>
      <form onSubmit={submit}>
        <fieldset disabled={isStopped}>
          <legend className="rtc-hidden">Timing of {name}</legend>
          {options.map((option) => (
            <label key={option}>
              {labels[option]}
              {option === 'leading' ? (
                <input type="checkbox" name={option} defaultChecked={timing.leading} />
              ) : (
                <input type="number" min={0} step="any" required name={option} defaultValue={timing[option]} />
              )}
            </label>
          ))}
          <button type="submit">Apply</button>
        </fieldset>
      </form>
    </details>
  )
}

const numberOf = (text: FormDataEntryValue | null): number => (text === null || text === '' ? Number.NaN : Number(text))
