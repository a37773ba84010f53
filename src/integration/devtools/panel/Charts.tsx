'use client'
import { type ReactElement, memo, useCallback } from 'react'
import type { AnyStateMachine } from 'xstate'
import { chartsOf } from '../../../machines/charts.ts'
import { surroundingsMachine } from '../../../machines/surroundings.ts'
import type { AnyCoalescer } from '../../query/coalescer.ts'
import { internalsOf } from '../../query/internals.ts'
import type { RealtimeStatusSource } from '../../react/useRealtimeStatus.ts'
import type { ChartActor } from '../chart/lights.ts'
import { Statechart } from '../chart/Statechart.tsx'

/** A realtime service whose connection the panel shows; its chart too, if the service has an actor. */
export interface DevtoolsRealtimeService extends RealtimeStatusSource {
  readonly actor?: unknown
}

type MachineActor = ChartActor & { readonly logic: AnyStateMachine }

interface ChartsProps {
  readonly coalescer: AnyCoalescer
  readonly strategy: string
  readonly service: DevtoolsRealtimeService | undefined
}

/** The machines at work. */
export const Charts = memo(({ coalescer, strategy, service }: ChartsProps): ReactElement => {
  const followStrategy = useCallback(
    (changed: (actor: ChartActor | undefined) => void) => {
      let followed: unknown
      const look = (): void => {
        const actor = coalescer.actor.getSnapshot().children.strategy
        if (actor === followed) return
        followed = actor
        changed(actor as ChartActor | undefined)
      }
      look()
      const subscription = coalescer.actor.subscribe({ next: look, error: () => undefined })
      return () => subscription.unsubscribe()
    },
    [coalescer],
  )
  const followOrchestrator = useCallback(
    (changed: (actor: ChartActor) => void) => {
      changed(coalescer.actor)
      return () => undefined
    },
    [coalescer],
  )
  const followSurroundings = useCallback(
    (changed: (actor: ChartActor | undefined) => void) => {
      changed(coalescer.actor.getSnapshot().children.surroundings as ChartActor | undefined)
      return () => undefined
    },
    [coalescer],
  )
  const connection = service && actorOf(service)
  const charts = chartsOf(internalsOf(coalescer).registry)
  const machine = charts.strategies[strategy]

  return (
    <div className="rtc-charts">
      {machine && <Statechart title={`Strategy: ${strategy}`} machine={machine} follow={followStrategy} />}
      <Statechart title="Orchestrator" machine={charts.orchestrator} follow={followOrchestrator} />
      <Statechart title="Surroundings" machine={surroundingsMachine} follow={followSurroundings} />
      {connection && <ConnectionChart actor={connection} />}
    </div>
  )
})

function ConnectionChart({ actor }: { actor: MachineActor }): ReactElement {
  const follow = useCallback(
    (changed: (actor: ChartActor) => void) => {
      changed(actor)
      return () => undefined
    },
    [actor],
  )
  return <Statechart title="Connection" machine={actor.logic} follow={follow} whenSeen />
}

function actorOf({ actor }: DevtoolsRealtimeService): MachineActor | undefined {
  const candidate = actor as Partial<MachineActor> | null | undefined
  return typeof candidate?.subscribe === 'function' && candidate.logic?.root ? (candidate as MachineActor) : undefined
}
