import { useStrategy } from 'realtime-coalescer/react'
import { describeStrategy, strategyNames } from '../../shared/strategies.ts'

/** Chooses the strategy; it can change at any moment, in the middle of a storm too. */
export function StrategySwitch() {
  const [strategy, switchStrategy] = useStrategy()
  return (
    <fieldset className="strategies">
      <legend>Strategy</legend>
      <div className="segments">
        {strategyNames.map((name) => (
          <label key={name} className={`segment ${name === 'direct' ? 'is-direct' : ''}`}>
            <input
              type="radio"
              name="strategy"
              value={name}
              checked={strategy === name}
              onChange={() => switchStrategy(name)}
            />
            <span>{name}</span>
          </label>
        ))}
      </div>
      <p className="muted" aria-live="polite">
        {describeStrategy(strategy)}
      </p>
    </fieldset>
  )
}
