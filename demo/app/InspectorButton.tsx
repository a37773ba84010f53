import { useEffect, useRef, useState } from 'react'
import { type StatelyInspector, createStatelyInspector } from 'realtime-coalescer/inspect'
import type { Session } from '../shared/session.ts'
import { useDemo } from './demo.ts'

const localUrl = '/inspector.html'
const statelyUrl = 'https://stately.ai/inspect'
const noNetwork =
  'stately.ai cannot be reached, and the Stately inspector is a page of it. The local inspector needs no network.'

/** Opens the machines in the Stately inspector, or in a plain page of the demo that needs no network. */
export function InspectorButton({ realtime }: { realtime: Session['realtime'] }) {
  const { session } = useDemo()
  const inspector = useRef<StatelyInspector>(undefined)
  const [problem, setProblem] = useState<string>()

  useEffect(() => {
    // The feed has been switched.
    inspector.current?.attach(realtime)
  }, [realtime])

  const open = (url: string) => {
    inspector.current?.stop()
    const opened = createStatelyInspector({
      url,
      onStatus: ({ message }) => inspector.current === opened && setProblem(message),
    })
    inspector.current = opened
    opened.open()
    opened.attach(session.coalescer)
    opened.attach(realtime)
  }
  const openStately = async () => {
    setProblem(undefined)
    if (!navigator.onLine) return setProblem(noNetwork)
    // At once: a browser lets a click open a window, but not what follows an answer.
    open(statelyUrl)
    const opened = inspector.current
    const isReached = await fetch(statelyUrl, { mode: 'no-cors', cache: 'no-store' }).then(
      () => true,
      () => false,
    )
    if (isReached || inspector.current !== opened || opened?.getStatus().state === 'connected') return undefined
    opened?.stop()
    return setProblem(noNetwork)
  }

  return (
    <>
      <button type="button" className="button small" onClick={() => void openStately()}>
        Stately inspector
      </button>
      <button type="button" className="button small" onClick={() => open(localUrl)}>
        Local inspector
      </button>
      {problem !== undefined && (
        <p className="problem inspector-problem" role="alert">
          {problem}
        </p>
      )}
    </>
  )
}
