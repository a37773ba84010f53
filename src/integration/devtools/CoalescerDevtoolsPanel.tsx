'use client'
import { type ReactElement, useContext, useMemo, useSyncExternalStore } from 'react'
import type { AnyCoalescer } from '../query/coalescer.ts'
import { CoalescerContext } from '../react/CoalescerProvider.tsx'
import { useRealtimeStatus } from '../react/useRealtimeStatus.ts'
import { Monitor } from './monitor/monitor.ts'
import { Charts, type DevtoolsRealtimeService } from './panel/Charts.tsx'
import { Controls } from './panel/Controls.tsx'
import { Counters } from './panel/Counters.tsx'
import { Pending } from './panel/Pending.tsx'
import { Timeline } from './panel/Timeline.tsx'
import { Waits } from './panel/Waits.tsx'
import { styles } from './styles.ts'

/** What the panel takes, as a component or as a plugin. */
export interface CoalescerDevtoolsPanelProps {
  /** The coalescer to show. @default the one of the `CoalescerProvider` above */
  readonly coalescer?: AnyCoalescer | undefined
  /** A realtime service whose connection is shown as well. */
  readonly service?: DevtoolsRealtimeService | undefined
  /** Colours; `'system'` follows the reader's setting. @default 'system' */
  readonly theme?: 'light' | 'dark' | 'system' | undefined
  /** The nonce of the panel's `<style>` element, where a content security policy asks for one. */
  readonly styleNonce?: string | undefined
}

/**
 * Shows what a coalescer does: its statecharts with the current states lit, what is pending, a timeline of flushes with
 * their reasons and fetches, and what was saved. Renders nothing on a server.
 *
 * @throws Error without a `coalescer` outside a `CoalescerProvider`.
 */
export function CoalescerDevtoolsPanel(props: CoalescerDevtoolsPanelProps): ReactElement | null {
  const coalescer = useDevtoolsCoalescer(props.coalescer)
  const monitor = useMonitor(coalescer)
  return monitor ? <MonitorPanel {...props} monitor={monitor} /> : null
}

/** The coalescer to show, from props or context. */
export function useDevtoolsCoalescer(own: AnyCoalescer | undefined): AnyCoalescer {
  const provided = useContext(CoalescerContext)
  const coalescer = own ?? provided
  if (!coalescer) {
    throw new Error(
      'Expected a coalescer for the devtools, found none. Pass `coalescer`, or place the devtools below <CoalescerProvider>.',
    )
  }
  return coalescer
}

/** A monitor that watches while the component is mounted; none on a server, while hydrating, or in the first render. */
export function useMonitor(coalescer: AnyCoalescer): Monitor | undefined {
  const monitor = useMemo(() => new Monitor(coalescer), [coalescer])
  const isWatching = useSyncExternalStore(monitor.subscribe, monitor.getIsWatching, () => false)
  return isWatching ? monitor : undefined
}

/** The panel over a monitor that is watching already. */
export function MonitorPanel({
  monitor,
  service,
  theme = 'system',
  styleNonce,
}: CoalescerDevtoolsPanelProps & { readonly monitor: Monitor }): ReactElement {
  const state = useSyncExternalStore(monitor.subscribe, monitor.getState, monitor.getState)
  const { coalescer } = monitor
  const { snapshot, strategy, isStopped, isPaused } = state
  return (
    <section className="rtc" data-theme={theme} aria-label="Realtime coalescer">
      <style nonce={styleNonce}>{styles}</style>
      <header>
        <h2>Realtime coalescer</h2>
        <span className="rtc-phase" data-phase={isStopped ? 'stopped' : snapshot.phase}>
          {isStopped ? 'stopped' : snapshot.phase}
        </span>
        {service && <Connection service={service} />}
        <span className="rtc-space" />
        <button type="button" aria-pressed={isPaused} onClick={() => monitor.setPaused(!isPaused)}>
          Pause
        </button>
        <button type="button" onClick={() => monitor.clear()}>
          Clear
        </button>
      </header>
      <Counters snapshot={snapshot} />
      <Controls coalescer={coalescer} strategy={strategy} isStopped={isStopped} />
      <div className="rtc-columns">
        <div>
          <Pending pending={state.pending} maxWaitMs={strategy.timing.maxWaitMs} />
          <Waits waits={state.waits} isOpen />
          <Timeline entries={state.entries} />
        </div>
        <Charts coalescer={coalescer} strategy={strategy.name} service={service} />
      </div>
    </section>
  )
}

function Connection({ service }: { service: DevtoolsRealtimeService }): ReactElement {
  const status = useRealtimeStatus(service)
  return (
    <span className="rtc-status" data-status={status}>
      feed {status}
    </span>
  )
}
