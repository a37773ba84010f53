import { useEffect, useRef, useState } from 'react'
import {
  type LocalInspector,
  type StatelyInspector,
  createLocalInspector,
  createStatelyInspector,
} from 'realtime-coalescer/inspect'
import { scenarios } from '../shared/scenarios.ts'
import type { Session } from '../shared/session.ts'
import { useDemo } from './demo.ts'
import { playRun } from './lab/playRun.ts'
import type { Playing } from './lab/usePlaying.ts'

const statelyUrl = 'https://stately.ai/inspect'
const noNetwork =
  'stately.ai cannot be reached, and the Stately inspector is a page of it. The local inspector needs no network.'

const popupBlocked = 'The browser blocked the window of the inspector: allow popups for this page.'

interface InspectorButtonProps {
  readonly realtime: Session['realtime']
  readonly playing: Playing
}

/** Opens the machines in the Stately inspector, or in the local one, which needs no network. */
export function InspectorButton({ realtime, playing }: InspectorButtonProps) {
  const demo = useDemo()
  const { session } = demo
  const inspector = useRef<StatelyInspector>(undefined)
  const local = useRef<LocalInspector>(undefined)
  const [problem, setProblem] = useState<string>()

  useEffect(() => {
    // The feed has been switched.
    inspector.current?.attach(realtime)
    local.current?.attach(realtime)
  }, [realtime])

  const openLocal = () => {
    inspector.current?.stop()
    setProblem(undefined)
    if (!local.current) {
      local.current = createLocalInspector()
      local.current.attach(session.coalescer)
      local.current.attach(realtime)
    }
    if (!local.current.open()) return setProblem(popupBlocked)
    // What there is to see at first: how one check-in flows through the machines.
    void playing.play('Check-in', () => playRun(demo, 'Check-in', scenarios.b.recording))
  }
  const openInspector = () => {
    inspector.current?.stop()
    const opened = createStatelyInspector({
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
    openInspector()
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
      <button type="button" className="button small" onClick={openLocal}>
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
