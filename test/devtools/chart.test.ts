// @vitest-environment happy-dom
import { createActor, createMachine } from 'xstate'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lightStates } from '../../src/integration/devtools/chart/lights.ts'
import { renderChart } from '../../src/integration/devtools/chart/renderChart.ts'
import { debounceMachine } from '../../src/machines/debounce.ts'
import { strategies } from '../../src/machines/strategies.ts'
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

describe('renderChart', () => {
  it('draws every state, loads nothing from elsewhere and styles nothing else', async () => {
    const svg = await renderChart(debounceMachine)
    for (const id of ['idle', 'collecting', 'collecting_waiting', 'collecting_held', 'flushing']) {
      expect(svg).toContain(`data-id="debounce_${id}"`)
    }
    expect(svg).toMatch(/<svg [^>]*style="--rtc-width: [\d.]+px" aria-hidden="true"/)
    expect(svg).not.toContain('<style')
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toContain('http')
  })

  it('draws each machine once, and shares no ids between drawings', async () => {
    const [first, second] = await Promise.all([
      renderChart(debounceMachine),
      renderChart(chartsOf(strategies).orchestrator),
    ])
    expect(await renderChart(debounceMachine)).toBe(first)
    const ids = [first, second].map((svg) => [...svg.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
    expect(ids[0]?.length).toBeGreaterThan(0)
    expect(ids[0]?.filter((id) => ids[1]?.includes(id))).toEqual([])
    for (const [, id] of first.matchAll(/url\(#([^)]+)\)/g)) expect(ids[0]).toContain(id)
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
    return { actor, told, end, lit }
  }

  it('lights the state it is in with its parents, and names the innermost', () => {
    const { actor, lit, told, end } = open()
    expect(lit()).toEqual({ m_idle: 'active', m_collecting: null, m_collecting_waiting: null, m_flushing: null })
    actor.send({ type: 'GO' })
    vi.advanceTimersByTime(60)
    expect(lit()).toMatchObject({ m_collecting: 'active', m_collecting_waiting: 'active', m_idle: 'visited' })
    expect(told).toEqual(['idle', 'collecting.waiting'])
    end()
  })

  it('marks a state that was passed in no time as visited for a while', () => {
    const { actor, lit, end } = open()
    for (let n = 0; n < 3; n += 1) actor.send({ type: 'GO' })
    vi.advanceTimersByTime(60)
    expect(lit()).toMatchObject({ m_idle: 'active', m_flushing: 'visited', m_collecting: 'visited' })
    vi.advanceTimersByTime(1000)
    expect(lit()).toEqual({ m_idle: 'active', m_collecting: null, m_collecting_waiting: null, m_flushing: null })
    expect(vi.getTimerCount()).toBe(0)
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
