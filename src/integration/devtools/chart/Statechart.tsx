'use client'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import type { AnyStateMachine } from 'xstate'
import { type ChartActor, lightStates } from './lights.ts'
import { Region } from './Region.tsx'
import { type Drawing, renderChart } from './renderChart.ts'
import { scrollToStates } from './scrollToStates.ts'

interface StatechartProps {
  readonly title: string
  readonly machine: AnyStateMachine
  /** Follows the actor that runs the machine, and later ones that take its place; returns a function that ends it. */
  readonly follow: (actorChanged: (actor: ChartActor | undefined) => void) => () => void
  /** Draws no sooner than it is scrolled to, for a large machine. @default false */
  readonly whenSeen?: boolean
}

interface Drawn {
  readonly machine: AnyStateMachine | undefined
  readonly drawings: readonly Drawing[]
  readonly error: string
}

const nothingDrawn: Drawn = { machine: undefined, drawings: [], error: '' }
/** 0 fits a drawing into its frame. */
const zooms = [0, 0.75, 1, 1.5, 2] as const

/** A machine drawn from its own definition, with the states it is in lit. */
export function Statechart({ title, machine, follow, whenSeen = false }: StatechartProps): ReactElement {
  const [isSeen, setSeen] = useState(!whenSeen)
  const figureRef = useRef<HTMLElement>(null)
  const drawingRef = useRef<HTMLDivElement>(null)
  const [states, setStates] = useState<readonly string[]>([])
  const [drawn, setDrawn] = useState(nothingDrawn)
  const [zoom, setZoom] = useState(0)

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
    const show = (drawings: readonly Drawing[], error: string): void => {
      if (isCurrent) setDrawn({ machine, drawings, error })
    }
    renderChart(machine).then(
      (drawings) => show(drawings, ''),
      () => show([], 'The chart could not be drawn: install beautiful-mermaid to see it.'),
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
      end = actor && lightStates(drawing, machine.id, actor, setStates, (ids) => scrollToStates(drawing, ids))
    })
    return () => {
      unfollow()
      end?.()
    }
  }, [follow, machine, isDrawn])

  return (
    <figure ref={figureRef} className="rtc-chart" data-machine={machine.id}>
      <figcaption>
        <strong>{title}</strong>{' '}
        <span className="rtc-states">{drawn.drawings.length > 1 ? '' : states.join(', ')}</span>
        <label className="rtc-zoom">
          <span className="rtc-hidden">Zoom of {title}</span>
          <select value={zoom} onChange={(event) => setZoom(Number(event.target.value))}>
            {zooms.map((one) => (
              <option key={one} value={one}>
                {one === 0 ? 'Fit' : `${100 * one} %`}
              </option>
            ))}
          </select>
        </label>
      </figcaption>
      {machine.root.description !== undefined && <p className="rtc-hint">{machine.root.description}</p>}
      <div
        ref={drawingRef}
        className="rtc-drawing"
        data-zoom={zoom === 0 ? 'fit' : 'fixed'}
        style={{ ['--rtc-zoom' as string]: zoom || 1 }}
        role="region"
        aria-label={`Statechart: ${title}`}
        tabIndex={0}
      >
        {isDrawn && drawn.error && <p className="rtc-hint">{drawn.error}</p>}
        {!isDrawn && <p className="rtc-hint">Drawing…</p>}
        {isDrawn &&
          drawn.drawings.map((drawing, position) => (
            <Region key={drawing.region ?? title} drawing={drawing} states={states} isOpenAtFirst={position === 0} />
          ))}
      </div>
    </figure>
  )
}
