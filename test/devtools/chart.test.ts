// @vitest-environment happy-dom
import { type AnyStateMachine, createActor, createMachine } from 'xstate'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lightStates } from '../../src/integration/devtools/chart/lights.ts'
import { renderChart } from '../../src/integration/devtools/chart/renderChart.ts'
import { buildSvg } from '../../src/integration/devtools/chart/svgDom.ts'
import { debounceMachine } from '../../src/machines/debounce.ts'
import { strategies } from '../../src/machines/strategies.ts'
import { surroundingsMachine } from '../../src/machines/surroundings.ts'
import { chartsOf } from '../../src/machines/charts.ts'

const machine = createMachine({
  id: 'm',
  initial: 'idle',
  states: {
    idle: { on: { GO: 'collecting' } },
    collecting: { initial: 'waiting', states: { waiting: {} }, on: { GO: 'flushing' } },
    flushing: { on: { GO: 'idle' } },
  },
})

/** A drawing as the panel puts it into the page. */
const draw = async (of: AnyStateMachine, prefix: string) =>
  (await renderChart(of)).map(({ svg }, position) => buildSvg(svg, `${prefix}${position}`) as SVGSVGElement)
const idsOf = (svg: Element) => [...svg.querySelectorAll('[id]')].map(({ id }) => id)

describe('renderChart', () => {
  it('draws every state, loads nothing from elsewhere and styles nothing else', async () => {
    const [svg] = await draw(debounceMachine, 'a')
    const states = [...(svg?.querySelectorAll('[data-id]') ?? [])].map((one) => one.getAttribute('data-id'))
    for (const id of ['idle', 'collecting', 'flushing']) {
      expect(states).toContain(`debounce_${id}`)
    }
    expect(svg?.querySelector('style')).toBeNull()
    expect(svg?.outerHTML.replaceAll('http://www.w3.org/2000/svg', '')).not.toContain('http')
    expect(svg?.textContent).not.toContain('&')
  })

  it('draws each machine once, and shares no ids between drawings', async () => {
    const [[first], [second]] = await Promise.all([
      draw(debounceMachine, 'a'),
      draw(chartsOf(strategies).orchestrator, 'b'),
    ])
    if (!first || !second) throw new Error('Expected two drawings.')
    expect(await renderChart(debounceMachine)).toBe(await renderChart(debounceMachine))
    expect(idsOf(first).length).toBeGreaterThan(0)
    expect(idsOf(first).filter((id) => idsOf(second).includes(id))).toEqual([])
    const used = [...first.querySelectorAll('[marker-end]')].map((one) => one.getAttribute('marker-end'))
    expect(used.length).toBeGreaterThan(5)
    for (const url of used) expect(idsOf(first)).toContain(/^url\(#(.*)\)$/.exec(url ?? '')?.[1])
  })

  it('reads from left to right: idle, collecting, flushing; arrows back point back', async () => {
    const [svg] = await draw(debounceMachine, 'a')
    const xOf = (id: string) => Number(svg?.querySelector(`[data-id="debounce_${id}"] > rect`)?.getAttribute('x'))
    expect(xOf('idle')).toBeLessThan(xOf('collecting'))
    expect(xOf('collecting')).toBeLessThan(xOf('flushing'))
    const back = svg?.querySelector('[data-label="FLUSHED"]')?.getAttribute('points')?.split(' ') ?? []
    const xs = back.map((point) => Number(point.split(',')[0]))
    expect(xs.at(-1)).toBeLessThan(xs[0] ?? 0)
    expect(Math.abs((xs.at(-1) ?? 0) - xOf('idle'))).toBeLessThan(200)
  })

  it('draws the regions of a parallel machine apart', async () => {
    const drawings = await renderChart(surroundingsMachine)
    expect(drawings.map(({ region }) => region)).toEqual(['page', 'ownWrites'])
    for (const { description } of drawings) expect(description).toMatch(/^Whether /)
    expect(drawings[0]?.descriptions.get('surroundings_page_hidden')).toContain('out of sight')
  })
})

describe('lightStates', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const open = () => {
    const drawing = document.createElement('div')
    drawing.innerHTML = ['idle', 'collecting', 'collecting_waiting', 'flushing']
      .map((id) => `<i data-id="m_${id}"></i>`)
      .join('')
    const actor = createActor(machine).start()
    const told: string[] = []
    const end = lightStates(drawing, 'm', actor, (states) => told.push(states.join()))
    const lit = () =>
      Object.fromEntries(
        [...drawing.children].map((one) => [one.getAttribute('data-id'), one.getAttribute('data-lit')]),
      )
    return { actor, drawing, told, end, lit }
  }

  it('lights the state it is in with its parents, and names the innermost', () => {
    const { actor, lit, told, end } = open()
    expect(lit()).toEqual({ m_idle: 'active', m_collecting: null, m_collecting_waiting: null, m_flushing: null })
    actor.send({ type: 'GO' })
    vi.advanceTimersByTime(110)
    expect(lit()).toMatchObject({ m_collecting: 'active', m_collecting_waiting: 'active', m_idle: 'visited' })
    expect(told).toEqual(['idle', 'collecting.waiting'])
    end()
  })

  it('marks a state that was passed in no time as visited for a while', () => {
    const { actor, lit, end } = open()
    for (let n = 0; n < 3; n += 1) actor.send({ type: 'GO' })
    vi.advanceTimersByTime(110)
    expect(lit()).toMatchObject({ m_idle: 'active', m_flushing: 'visited', m_collecting: 'visited' })
    vi.advanceTimersByTime(1000)
    expect(lit()).toEqual({ m_idle: 'active', m_collecting: null, m_collecting_waiting: null, m_flushing: null })
    expect(vi.getTimerCount()).toBe(0)
    end()
  })

  it('tells where it rests once nothing else is marked, and each rest once', () => {
    const { drawing, actor, end } = open()
    end()
    const rests: string[] = []
    const endRests = lightStates(
      drawing,
      'm',
      actor,
      () => undefined,
      (ids) => rests.push(ids.join()),
    )
    expect(rests).toEqual(['m_idle'])
    actor.send({ type: 'GO' })
    vi.advanceTimersByTime(110)
    expect(rests).toEqual(['m_idle'])
    vi.advanceTimersByTime(1000)
    expect(rests).toEqual(['m_idle', 'm_collecting_waiting'])
    for (let n = 0; n < 3; n += 1) actor.send({ type: 'GO' })
    vi.advanceTimersByTime(1000)
    expect(rests).toEqual(['m_idle', 'm_collecting_waiting'])
    endRests()
  })

  it('lights a drawing that has been drawn anew meanwhile', () => {
    const { actor, drawing, lit, end } = open()
    drawing.replaceChildren(...[...drawing.children].map((one) => one.cloneNode()))
    actor.send({ type: 'GO' })
    vi.advanceTimersByTime(110)
    expect(lit()).toMatchObject({ m_collecting: 'active', m_idle: 'visited' })
    end()
  })

  it('ends without a timer or a subscription', () => {
    const { actor, end } = open()
    const unsubscribe = vi.fn<() => void>()
    const subscribe = vi.spyOn(actor, 'subscribe').mockReturnValue({ unsubscribe })
    const endOther = lightStates(document.createElement('div'), 'm', actor, () => undefined)
    expect(subscribe).toHaveBeenCalledTimes(1)
    end()
    endOther()
    expect(unsubscribe).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})
