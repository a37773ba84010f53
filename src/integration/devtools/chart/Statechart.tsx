'use client'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import type { AnyStateMachine } from 'xstate'
import { type ChartActor, lightStates } from './lights.ts'
import { renderChart } from './renderChart.ts'

interface StatechartProps {
  readonly title: string
  readonly machine: AnyStateMachine
  /** Follows the actor that runs the machine, and later ones that take its place; returns a function that ends it. */
  readonly follow: (actorChanged: (actor: ChartActor | undefined) => void) => () => void
  /** Draws no sooner than it is scrolled to, for a large machine. @default false */
  readonly whenSeen?: boolean
}

const nothingDrawn = { machine: undefined, svg: '', error: '' }

/** A machine drawn from its own definition, with the states it is in lit. */
export function Statechart({ title, machine, follow, whenSeen = false }: StatechartProps): ReactElement {
  const figureRef = useRef<HTMLElement>(null)
  const [isSeen, setSeen] = useState(() => !whenSeen || typeof IntersectionObserver === 'undefined')
  const drawingRef = useRef<HTMLDivElement>(null)
  const [states, setStates] = useState<readonly string[]>([])
  const [drawn, setDrawn] = useState<{ machine: AnyStateMachine | undefined; svg: string; error: string }>(nothingDrawn)

  useEffect(() => {
    const figure = figureRef.current
    if (isSeen || !figure) return undefined
    const observer = new IntersectionObserver((seen) => {
      if (seen.some(({ isIntersecting }) => isIntersecting)) setSeen(true)
    })
    observer.observe(figure)
    return () => observer.disconnect()
  }, [isSeen])

  useEffect(() => {
    if (!isSeen) return undefined
    let isCurrent = true
    const show = (svg: string, error: string): void => {
      if (isCurrent) setDrawn({ machine, svg, error })
    }
    renderChart(machine).then(
      (svg) => show(svg, ''),
      () => show('', 'The chart could not be drawn: install beautiful-mermaid to see it.'),
    )
    return () => {
      isCurrent = false
    }
  }, [machine, isSeen])

  const isDrawn = drawn.machine === machine
  useEffect(() => {
    const drawing = drawingRef.current
    if (!drawing || !isDrawn) return undefined
    let end: (() => void) | undefined
    const unfollow = follow((actor) => {
      end?.()
      end = actor && lightStates(drawing, machine.id, actor, setStates)
    })
    return () => {
      unfollow()
      end?.()
    }
  }, [follow, machine, isDrawn])

  return (
    <figure ref={figureRef} className="rtc-chart" data-machine={machine.id}>
      <figcaption>
        <strong>{title}</strong> {states.length > 0 && <span className="rtc-states">{states.join(', ')}</span>}
      </figcaption>
      <div className="rtc-drawing" role="region" aria-label={`Statechart: ${title}`} tabIndex={0}>
        {isDrawn && drawn.error && <p className="rtc-hint">{drawn.error}</p>}
        {!isDrawn && <p className="rtc-hint">Drawing…</p>}
        {/* The markup comes from the machine's own definition, which no one outside the app can write. */}
        <div ref={drawingRef} dangerouslySetInnerHTML={{ __html: isDrawn ? drawn.svg : '' }} />
      </div>
    </figure>
  )
}
