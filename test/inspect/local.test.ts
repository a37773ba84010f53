// @vitest-environment happy-dom
import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { type Coalescer, createCoalescer } from 'realtime-coalescer'
import { type LocalInspector, type LocalInspectorOptions, createLocalInspector } from 'realtime-coalescer/inspect'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createActor, createMachine } from 'xstate'

const ends: (() => void)[] = []

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  for (const end of ends.splice(0)) end()
  document.body.replaceChildren()
  vi.useRealTimers()
})

function show(options: LocalInspectorOptions = {}) {
  const container = document.body.appendChild(document.createElement('div'))
  const inspector = createLocalInspector({ container, ...options })
  ends.push(() => inspector.stop())
  const all = (selector: string) => [...container.querySelectorAll<HTMLElement>(selector)]
  return {
    inspector,
    container,
    rows: () => all('.row .arrow').map((arrow) => arrow.textContent),
    row: (start: string) => all('.row').findLast((row) => row.textContent.startsWith(start)),
    lit: (actor: string) =>
      all(`[data-actor^="${actor}"] [data-lit="active"]`).map((state) => state.getAttribute('data-state')),
    text: (selector: string) => all(selector)[0]?.textContent ?? '',
    press: (name: string) =>
      all('button')
        .find((button) => [button.textContent, button.getAttribute('aria-label')].includes(name))
        ?.click(),
    filter(text: string) {
      const [input] = all('input[type="search"]') as HTMLInputElement[]
      if (!input) throw new Error('There is no filter.')
      input.value = text
      input.dispatchEvent(new Event('input'))
    },
  }
}

/** A coalescer with two queries on screen, whose requests take 30 ms. */
async function startApp(inspector: LocalInspector) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } })
  const coalescer: Coalescer = createCoalescer({ queryClient })
  const queryFn = async () => new Promise((resolve) => setTimeout(resolve, 30, { secret: 'row' }))
  for (const name of ['goals', 'partners']) {
    ends.push(new QueryObserver(queryClient, { queryKey: [name], queryFn }).subscribe(() => undefined))
  }
  await vi.advanceTimersByTimeAsync(50)
  const detach = inspector.attach(coalescer)
  ends.push(() => coalescer.stop())
  return { coalescer, queryClient, detach }
}

const frame = async () => vi.advanceTimersByTimeAsync(110)

describe('the local inspector', () => {
  it('draws a change from its event over strategy and flush to the request and its answer', async () => {
    const { inspector, rows } = show()
    const { coalescer } = await startApp(inspector)
    inspector.open()
    coalescer.scheduleInvalidate(['goals'], { source: 'goals:INSERT' })
    await vi.advanceTimersByTimeAsync(400)
    const flow = [
      'feed, app to coalescer: INVALIDATE goals:INSERT ["goals"]',
      'coalescer to strategy: debounce: PENDING',
      'strategy: debounce: collecting',
      'coalescer to flush: quiet: 1 key, 1 to fetch, 0 fresh already, 0 marked',
      'flush to query: fetch ["goals"]',
      'query: ["goals"] marked stale',
      'query to request: ["goals"]',
      'strategy: debounce: flushing',
      'strategy: debounce: idle',
      'request to query: ["goals"] answered',
    ]
    expect(rows().filter((row) => flow.includes(row))).toEqual(flow)
  })

  it('lights the state of every actor, now and at each step that is looked at', async () => {
    const { inspector, lit, row, press, text } = show()
    const { coalescer } = await startApp(inspector)
    inspector.open()
    await frame()
    expect(lit('strategy: debounce')).toEqual(['idle'])
    coalescer.scheduleInvalidate(['goals'])
    await frame()
    expect(lit('strategy: debounce')).toEqual(['collecting'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(lit('strategy: debounce')).toEqual(['idle'])
    row('strategy: debounce: collecting')?.click()
    expect(lit('strategy: debounce')).toEqual(['collecting'])
    press('One step back')
    press('One step back')
    expect(lit('strategy: debounce')).toEqual(['idle'])
    coalescer.switchStrategy('perKey')
    press('Live')
    expect(lit('strategy: perKey')).toEqual(['idle'])
    expect(text('[data-actor="strategy: debounce"] .status')).toMatch(/^stopped/)
    expect(lit('strategy: debounce')).toEqual([])
  })

  it('shows what a step carried', async () => {
    const { inspector, row, text } = show()
    const { coalescer } = await startApp(inspector)
    inspector.open()
    coalescer.scheduleInvalidate(['goals', { owner: 7 }], { source: 'goals:UPDATE' })
    await frame()
    row('feed, app to coalescer: INVALIDATE')?.click()
    expect(JSON.parse(text('.payload'))).toMatchObject({
      type: 'INVALIDATE',
      queryKeys: [['goals', { owner: 7 }]],
      source: 'goals:UPDATE',
    })
  })

  it('loses nothing while it is paused', async () => {
    const { inspector, rows, press, text } = show()
    const { coalescer } = await startApp(inspector)
    inspector.open()
    await frame()
    press('Pause')
    const before = rows()
    coalescer.scheduleInvalidate(['goals'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(rows()).toEqual(before)
    press('One step back')
    expect(text('.live')).toMatch(/^Paused at step \d+ of \d+, \d+ newer$/)
    press('Live')
    expect(rows()).toContain('request to query: ["goals"] answered')
  })

  it('is filtered by key', async () => {
    const { inspector, rows, filter } = show()
    const { coalescer } = await startApp(inspector)
    inspector.open()
    coalescer.scheduleInvalidate(['goals'])
    coalescer.scheduleInvalidate(['partners'])
    await vi.advanceTimersByTimeAsync(1000)
    filter('Partners')
    expect(rows().length).toBeGreaterThan(3)
    expect(rows().filter((row) => row.includes('["goals"]') && !row.includes('partners'))).toEqual([])
    filter('nothing like this')
    expect(rows()).toEqual([])
  })

  it('opened again, it still shows the step it was paused at, and its filter', async () => {
    const { inspector, rows, row, press, filter, text, container } = show()
    const { coalescer } = await startApp(inspector)
    inspector.open()
    coalescer.scheduleInvalidate(['goals'])
    await vi.advanceTimersByTimeAsync(1000)
    filter('Goals')
    row('coalescer to flush')?.click()
    const [before, live, payload] = [rows(), text('.live'), text('.payload')]
    expect(live).toMatch(/^Paused/)
    // As a window that was closed: what was drawn in it is gone.
    container.replaceChildren()
    inspector.open()
    expect([rows(), text('.live'), text('.payload')]).toEqual([before, live, payload])
    expect(container.querySelector<HTMLInputElement>('input[type="search"]')?.value).toBe('Goals')
    coalescer.scheduleInvalidate(['goals'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(rows()).toEqual(before)
    expect(text('.live')).toMatch(/newer$/)
    press('Live')
    expect(rows().length).toBeGreaterThan(before.length)
    filter('')
    expect(text('.live')).toMatch(/^Live/)
  })

  it('exports a recording that another one imports, and refuses anything else', async () => {
    const one = show()
    const { coalescer } = await startApp(one.inspector)
    one.inspector.open()
    coalescer.scheduleInvalidate(['goals'])
    await vi.advanceTimersByTimeAsync(1000)
    const json = one.inspector.export()
    const two = show()
    two.inspector.open()
    two.inspector.import(json)
    expect(two.rows()).toEqual(one.rows())
    expect(two.lit('strategy: debounce')).toEqual(['idle'])
    expect(two.text('.live')).toMatch(/^Imported recording/)
    const damaged = JSON.stringify({ ...(JSON.parse(json) as object), steps: [{ n: 'one' }] })
    for (const bad of ['', 'no JSON', '{}', 'null', json.replace('"version":1', '"version":99'), damaged]) {
      expect(() => two.inspector.import(bad)).toThrow(TypeError)
    }
    expect(two.rows()).toEqual(one.rows())
    two.press('Live')
    expect(two.rows()).toEqual([])
  })

  it('stays small in a storm, and keeps every flush', async () => {
    const { inspector, rows, container } = show({ maxSteps: 1000 })
    const { coalescer } = await startApp(inspector)
    inspector.open()
    let flushes = 0
    coalescer.on('flushed', () => (flushes += 1))
    for (let burst = 0; burst < 5; burst++) {
      for (let i = 0; i < 1000; i++) coalescer.scheduleInvalidate(['goals', i])
      await vi.advanceTimersByTimeAsync(1100)
    }
    const { steps } = JSON.parse(inspector.export()) as { steps: { label: string; to: string }[] }
    expect(steps.length).toBeLessThanOrEqual(1000)
    expect(
      steps.some(({ label }) => /^… \d+ more$/.test(label.replaceAll(' ', ' ').replaceAll(/(\d) (\d)/g, '$1$2'))),
    ).toBe(true)
    expect(rows().length).toBeLessThanOrEqual(150)
    expect(container.querySelectorAll('*').length).toBeLessThan(2500)
    expect(flushes).toBe(5)
    expect(rows().filter((row) => row.startsWith('coalescer to flush')).length).toBeGreaterThan(0)
  })

  it('draws any XState actor', async () => {
    const { inspector, lit, rows } = show()
    const toggle = createMachine({
      id: 'toggle',
      initial: 'off',
      states: { off: { on: { FLIP: 'on' } }, on: { on: { FLIP: 'off' } } },
    })
    const actor = createActor(toggle, { inspect: inspector.inspect }).start()
    ends.push(() => actor.stop())
    inspector.open()
    await frame()
    expect(lit('toggle')).toEqual(['off'])
    actor.send({ type: 'FLIP' })
    await frame()
    expect(lit('toggle')).toEqual(['on'])
    expect(rows()).toEqual(['toggle: started', 'toggle: off', 'feed, app to toggle: FLIP', 'toggle: on'])
  })

  it('hears of each event once, and of none after the end', async () => {
    const { inspector, rows } = show()
    const { coalescer, detach } = await startApp(inspector)
    const again = inspector.attach(coalescer)
    inspector.open()
    coalescer.scheduleInvalidate(['goals'])
    await frame()
    const count = () => rows().filter((row) => row.includes('INVALIDATE')).length
    expect(count()).toBe(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(rows().filter((row) => row.includes('answered'))).toHaveLength(1)
    detach()
    again()
    coalescer.scheduleInvalidate(['goals'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(count()).toBe(1)
  })

  it('shows of rows what the sanitizers leave', async () => {
    const { inspector } = show({ sanitizeEvent: (event) => ({ type: (event as { type: string }).type }) })
    const { coalescer } = await startApp(inspector)
    coalescer.scheduleInvalidate(['secret key'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(inspector.export()).not.toContain('secret key')
  })

  it('never records the data of answers', async () => {
    const { inspector } = show()
    const { coalescer } = await startApp(inspector)
    coalescer.scheduleInvalidate(['goals'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(inspector.export()).toContain('answered')
    expect(inspector.export()).not.toContain('secret')
  })

  it('says whether a window could be opened', () => {
    const blocked = createLocalInspector({ window: { open: () => null } as unknown as Window })
    expect(blocked.open()).toBe(false)
  })

  it.each([
    [{ maxSteps: 0 }],
    [{ maxSteps: Number.NaN }],
    [{ container: 'main' }],
    [{ window: 1 }],
    [{ sanitizeEvent: 1 }],
  ])('refuses %j', (options) => {
    expect(() => createLocalInspector(options as unknown as LocalInspectorOptions)).toThrow(/expected/i)
  })
})
