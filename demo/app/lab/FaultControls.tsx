import { useEffect, useState } from 'react'
import { type FeedAccident, type FeedFaults, causeAccident, readFaults, setErrorRate, setFaults } from '../controls.ts'
import { useDemo } from '../demo.ts'
import { Card } from '../ui/Card.tsx'

const deliveryDelayMs = 500
const failingShare = 0.3

const accidents: readonly { accident: FeedAccident; title: string; note: string }[] = [
  {
    accident: 'terminateSockets',
    title: 'Cut the socket',
    note: 'The client opens a new socket by itself; what the gap may have missed is fetched once it is live.',
  },
  {
    accident: 'crashChannels',
    title: 'Crash the channel',
    note: 'The client joins again on the same socket; what the gap may have missed is fetched once it is live.',
  },
  {
    accident: 'expireTokens',
    title: 'Expire the token',
    note: 'The server closes the channel and the client does not return by itself: the library opens a new one.',
  },
]

const downNote = `The browser’s console tells of a failed WebSocket connection at each attempt to come back, after 1, 2, 5 \
and then every 10 s. No code can keep it from that; the page makes no request meanwhile and catches up once.`
const failingNote = `The browser’s console tells of a 500 for each request that fails. TanStack Query tries each twice more; a \
card that says “failed” is fetched again by its next change.`
const lostNote = 'Cards stay “fresh” here: nobody can know of a change that was never told. Compare with the database.'

/** What goes wrong in the wild. A real project cannot be asked for it, so the card is missing there. */
export function FaultControls() {
  const [faults, setShown] = useState<FeedFaults>()
  const [isFailing, setFailing] = useState(false)
  const [accidentNote, setAccidentNote] = useState<string>()
  const { run } = useDemo()

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
  const notes = [isDown && downNote, isFailing && failingNote, faults.loseChanges && lostNote, accidentNote].filter(
    (note) => typeof note === 'string',
  )
  const cause = async ({ accident, title, note }: (typeof accidents)[number]) => {
    setAccidentNote(note)
    run.begin(title)
    await causeAccident(accident)
  }
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
        {accidents.map((accident) => (
          <button
            key={accident.accident}
            type="button"
            className="button"
            onClick={() => void cause(accident).catch(() => undefined)}
          >
            {accident.title}
          </button>
        ))}
      </div>
      <div className="fault-notes" aria-live="polite">
        {notes.map((note) => (
          <p key={note}>{note}</p>
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
