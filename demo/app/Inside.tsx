import { Suspense, lazy } from 'react'
import type { Session } from '../shared/session.ts'

const Panel = lazy(async () => ({ default: (await import('realtime-coalescer/devtools')).CoalescerDevtoolsPanel }))

const styleNonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce

/** The library's own panel, as an app would mount it. */
export function Inside({ realtime }: { realtime: Session['realtime'] }) {
  return (
    <section className="inside" aria-labelledby="inside-title">
      <div className="inside-head">
        <h2 id="inside-title">Inside the coalescer</h2>
        <p>The library’s devtools panel: its statecharts, what is pending, each flush and why it came.</p>
      </div>
      <div className="panel">
        <Suspense fallback={<p className="muted">Loading the panel …</p>}>
          <Panel service={realtime} styleNonce={styleNonce} />
        </Suspense>
      </div>
    </section>
  )
}
