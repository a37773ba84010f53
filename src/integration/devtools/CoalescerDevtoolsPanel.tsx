'use client'
import {
  type ReactElement,
  useCallback,
  useContext,
  useLayoutEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react'
import type { AnyCoalescer } from '../query/coalescer.ts'
import { CoalescerContext } from '../react/CoalescerProvider.tsx'
import { useRealtimeStatus } from '../react/useRealtimeStatus.ts'
import { exportTimeline } from './monitor/exportTimeline.ts'
import { Monitor } from './monitor/monitor.ts'
import type { TimelineEntry } from './monitor/timeline.ts'
import { Charts, type DevtoolsRealtimeService } from './panel/Charts.tsx'
import { Controls } from './panel/Controls.tsx'
import { Boundary } from './panel/Boundary.tsx'
import { Counters } from './panel/Counters.tsx'
import { Pending } from './panel/Pending.tsx'
import { Timeline } from './panel/Timeline.tsx'
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
  const monitor = useMonitor(coalescer, props.service)
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
export function useMonitor(coalescer: AnyCoalescer, service: DevtoolsRealtimeService | undefined): Monitor | undefined {
  const monitor = useMemo(() => new Monitor(coalescer, service), [coalescer, service])
  const isWatching = useSyncExternalStore(monitor.subscribe, monitor.getIsWatching, () => false)
  return isWatching ? monitor : undefined
}

interface MonitorPanelProps extends CoalescerDevtoolsPanelProps {
  readonly monitor: Monitor
}

/** The panel over a monitor that is watching already. What fails in it stays in it. */
export function MonitorPanel({ theme = 'system', styleNonce, ...props }: MonitorPanelProps): ReactElement {
  return (
    <section className="rtc" data-theme={theme} aria-label="Realtime coalescer">
      <style nonce={styleNonce}>{styles}</style>
      <Boundary>
        <Content {...props} />
      </Boundary>
    </section>
  )
}

function Content({ monitor, service }: MonitorPanelProps): ReactElement {
  const state = useSyncExternalStore(monitor.subscribe, monitor.getState, monitor.getState)
  const { coalescer } = monitor
  const { snapshot, strategy, isStopped } = state
  const write = useCallback((entries: readonly TimelineEntry[]) => exportTimeline(coalescer, entries), [coalescer])
  return (
    <>
      <header>
        <h2>Realtime coalescer</h2>
        <Phase coalescer={coalescer} isStopped={isStopped} />
        {service && <Connection service={service} />}
      </header>
      <Counters snapshot={snapshot} />
      <Controls coalescer={coalescer} strategy={strategy} isStopped={isStopped} />
      <div className="rtc-columns">
        <div>
          <Pending pending={state.pending} waits={state.waits} maxWaitMs={strategy.timing.maxWaitMs} />
          <Timeline
            entries={state.entries}
            isPaused={state.isPaused}
            newer={state.newer}
            setPaused={monitor.setPaused}
            clear={monitor.clear}
            write={write}
          />
        </div>
        <Charts coalescer={coalescer} strategy={strategy.name} service={service} />
      </div>
    </>
  )
}

/**
 * Written at the end of each turn, and past React: a phase is often over before the rest of the panel is drawn again. One
 * that is over within its turn would only make the page paint again what it shows already.
 */
function Phase({ coalescer, isStopped }: { coalescer: AnyCoalescer; isStopped: boolean }): ReactElement {
  const ref = useRef<HTMLSpanElement>(null)
  useLayoutEffect(() => {
    let isDue = false
    const show = (): void => {
      isDue = false
      const chip = ref.current
      const phase = isStopped ? 'stopped' : coalescer.getSnapshot().phase
      if (!chip || chip.dataset.phase === phase) return
      chip.dataset.phase = phase
      chip.textContent = phase
    }
    show()
    return coalescer.subscribe(() => {
      if (isDue) return
      isDue = true
      queueMicrotask(show)
    })
  }, [coalescer, isStopped])
  return <span ref={ref} className="rtc-phase" />
}

function Connection({ service }: { service: DevtoolsRealtimeService }): ReactElement {
  const status = useRealtimeStatus(service)
  return (
    <span className="rtc-status" data-status={status}>
      feed {status}
    </span>
  )
}
