'use client'
import { type ReactElement, useId, useLayoutEffect, useRef, useState } from 'react'
import type { Drawing } from './renderChart.ts'
import { buildSvg } from './svgDom.ts'

interface RegionProps {
  readonly drawing: Drawing
  /** The innermost active states of the machine. */
  readonly states: readonly string[]
  readonly isOpenAtFirst: boolean
}

/** A drawing; one of a region of a machine can be folded up, and then still names its state. */
export function Region({ drawing, states, isOpenAtFirst }: RegionProps): ReactElement {
  const { region, description } = drawing
  const [isOpen, setOpen] = useState(isOpenAtFirst)
  const id = useId()
  const own = states.filter((state) => state.startsWith(`${region}.`)).map((state) => state.slice(`${region}.`.length))
  return (
    <div className="rtc-region">
      {region !== undefined && (
        <button type="button" aria-expanded={isOpen} aria-controls={id} onClick={() => setOpen(!isOpen)}>
          {region} <span className="rtc-states">{own.join(', ')}</span>
        </button>
      )}
      <div id={id} hidden={!isOpen}>
        {region !== undefined && description !== undefined && <p className="rtc-hint">{description}</p>}
        <Svg drawing={drawing} />
      </div>
    </div>
  )
}

function Svg({ drawing }: { readonly drawing: Drawing }): ReactElement {
  const { svg: markup, descriptions } = drawing
  const ref = useRef<HTMLDivElement>(null)
  const prefix = useId()
  const built = useRef<{ readonly markup: string; readonly svg: SVGSVGElement } | undefined>(undefined)
  useLayoutEffect(() => {
    // React runs this anew for what it has hidden for a while: the drawing, as it is lit, stays.
    if (built.current?.markup !== markup) {
      const svg = buildSvg(markup, prefix.replaceAll(/\W/g, '_'))
      if (!svg) return
      svg.setAttribute('aria-hidden', 'true')
      describeStates(svg, descriptions)
      svg.style.setProperty('--rtc-width', `${svg.getAttribute('width')}px`)
      built.current = { markup, svg }
    }
    const { svg } = built.current
    if (ref.current?.firstChild !== svg) ref.current?.replaceChildren(svg)
  }, [markup, descriptions, prefix])
  return <div ref={ref} />
}

/** A state that is pointed at says what it is. */
function describeStates(svg: SVGSVGElement, descriptions: ReadonlyMap<string, string>): void {
  for (const state of svg.querySelectorAll('[data-id]')) {
    const description = descriptions.get(state.getAttribute('data-id') ?? '')
    if (description === undefined) continue
    const title = svg.ownerDocument.createElementNS(svg.namespaceURI, 'title')
    title.textContent = description
    state.prepend(title)
  }
}
