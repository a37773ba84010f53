import { useRef, useState } from 'react'
import { type InspectorStatus, type StatelyInspector, createStatelyInspector } from 'realtime-coalescer/inspect'
import { useDemo } from './demo.ts'

const localUrl = '/inspector.html'

/** Opens the machines in the Stately inspector, or in a plain page of the demo that needs no network. */
export function InspectorButton() {
  const { session } = useDemo()
  const inspector = useRef<StatelyInspector>(undefined)
  const [status, setStatus] = useState<InspectorStatus>()

  const open = (url?: string) => {
    inspector.current?.stop()
    const opened = createStatelyInspector({ ...(url !== undefined && { url }), onStatus: setStatus })
    inspector.current = opened
    opened.open()
    opened.attach(session.coalescer)
    opened.attach(session.realtime)
  }

  return (
    <>
      <button type="button" className="button small" onClick={() => open()}>
        Stately inspector
      </button>
      <button type="button" className="button small" onClick={() => open(localUrl)}>
        Local inspector
      </button>
      {status?.message !== undefined && (
        <p className="problem inspector-problem" role="alert">
          {status.message}
        </p>
      )}
    </>
  )
}
