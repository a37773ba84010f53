import { useEffect, useState } from 'react'
import { type FeedAccident, type FeedFaults, causeAccident, readFaults, setErrorRate, setFaults } from '../controls.ts'
import { Card } from '../ui/Card.tsx'

const deliveryDelayMs = 500
const failingShare = 0.3

const accidents: readonly { accident: FeedAccident; title: string }[] = [
  { accident: 'terminateSockets', title: 'Cut the socket' },
  { accident: 'crashChannels', title: 'Crash the channel' },
  { accident: 'expireTokens', title: 'Expire the token' },
]

/** What goes wrong in the wild. A real project cannot be asked for it, so the card is missing there. */
export function FaultControls() {
  const [faults, setShown] = useState<FeedFaults>()
  const [isFailing, setFailing] = useState(false)

  useEffect(() => {
    let isMounted = true
    readFaults()
      .then(({ settings }) => isMounted && setShown(settings))
      .catch(() => undefined)
    return () => {
      isMounted = false
    }
  }, [])

  if (faults === undefined) return null
  const change = (changes: Partial<FeedFaults>) => {
    setShown({ ...faults, ...changes })
    void setFaults(changes).catch(() => undefined)
  }
  const isDown = faults.upgrade === 'refuse'
  const toggleFeed = async () => {
    change({ upgrade: isDown ? 'accept' : 'refuse' })
    if (!isDown) await causeAccident('terminateSockets')
  }

  return (
    <Card title="What goes wrong in the wild">
      <div className="checks">
        <Check label="The feed is down" checked={isDown} onChange={() => void toggleFeed().catch(() => undefined)} />
        <Check
          label={`Changes arrive ${deliveryDelayMs} ms late`}
          checked={faults.deliveryDelayMs > 0}
          onChange={(checked) => change({ deliveryDelayMs: checked ? deliveryDelayMs : 0 })}
        />
        <Check
          label="Every change comes twice"
          checked={faults.duplicateChanges}
          onChange={(checked) => change({ duplicateChanges: checked })}
        />
        <Check
          label="Changes are lost without a sign"
          checked={faults.loseChanges}
          onChange={(checked) => change({ loseChanges: checked })}
        />
        <Check
          label={`${100 * failingShare} % of the requests fail`}
          checked={isFailing}
          onChange={(checked) => {
            setFailing(checked)
            void setErrorRate(checked ? failingShare : 0).catch(() => undefined)
          }}
        />
      </div>
      <div className="buttons">
        {accidents.map(({ accident, title }) => (
          <button
            key={accident}
            type="button"
            className="button"
            onClick={() => void causeAccident(accident).catch(() => undefined)}
          >
            {title}
          </button>
        ))}
      </div>
    </Card>
  )
}

interface CheckProps {
  readonly label: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
}

function Check({ label, checked, onChange }: CheckProps) {
  return (
    <label className="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  )
}
