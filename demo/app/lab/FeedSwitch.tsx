import { useEffect, useState } from 'react'
import { type FeedName, describeFeed, feedNames } from '../../shared/feeds.ts'
import { readFaults, setFaults } from '../controls.ts'
import { Card } from '../ui/Card.tsx'

/** How often the real server reads changes at most. */
const realPollIntervalMs = 500

interface FeedSwitchProps {
  readonly feed: FeedName
  readonly onFeed: (feed: FeedName) => void
}

/** Chooses what the changes come through, at any moment: the gap between the two is caught up with once. */
export function FeedSwitch({ feed, onFeed }: FeedSwitchProps) {
  return (
    <Card title="Feed" aside={<span className="muted">Same tables, keys and handlers</span>}>
      <fieldset className="strategies">
        <legend className="visually-hidden">Feed</legend>
        <div className="segments">
          {feedNames.map((name) => (
            <label key={name} className="segment">
              <input type="radio" name="feed" value={name} checked={feed === name} onChange={() => onFeed(name)} />
              <span>{name}</span>
            </label>
          ))}
        </div>
        <p className="muted" aria-live="polite">
          {describeFeed[feed]}
        </p>
      </fieldset>
      <PollCheck />
    </Card>
  )
}

/** Whether the demo's server reads changes as seldom as the real one. A real project polls anyway. */
function PollCheck() {
  const [isPolled, setPolled] = useState<boolean>()
  useEffect(() => {
    let isMounted = true
    readFaults()
      .then(({ settings }) => isMounted && setPolled(settings.pollIntervalMs > 0))
      .catch(() => undefined)
    return () => {
      isMounted = false
    }
  }, [])

  if (isPolled === undefined) return null
  const poll = (checked: boolean) => {
    setPolled(checked)
    void setFaults({ pollIntervalMs: checked ? realPollIntervalMs : 0 }).catch(() => undefined)
  }
  return (
    <label className="check">
      <input type="checkbox" checked={isPolled} onChange={(event) => poll(event.currentTarget.checked)} />
      {`postgres_changes in polls ${realPollIntervalMs} ms apart, as the real server sends them`}
    </label>
  )
}
