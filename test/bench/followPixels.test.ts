// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Pixels, followPixels } from '../../bench/support/followPixels.ts'
import { FakeBrowser } from './support/fakeBrowser.ts'

const cards = { '/api/goals': 'Goals', '/api/partners': 'Partners' }
const touched = { goals: ['/api/goals'], check_ins: ['/api/goals', '/api/partners'] }

let browser: FakeBrowser
let pixels: Pixels
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1000 })
  browser = new FakeBrowser()
  browser.install(Object.values(cards))
  pixels = followPixels({ cards, touched })
  browser.connect()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const at = (nowMs: number): unknown => vi.setSystemTime(nowMs)
const paint = (): void => {
  browser.frame()
  browser.task()
}
/** Asks, answers and commits the goals. */
const refetch = async (request: number, nowMs: number): Promise<void> => {
  browser.ask('/api/goals')
  at(nowMs)
  await browser.answer(request)
  await browser.commit('Goals', nowMs)
}

describe('an age', () => {
  it('runs from the commit to the task after the frame after the card shows the answer', async () => {
    browser.change('goals', 1000)
    at(1020)
    browser.ask('/api/goals')
    at(1100)
    await browser.answer(0)
    paint()
    expect(pixels.read()).toMatchObject({ changes: 1, behind: 1, agesMs: [] })
    at(1104)
    await browser.commit('Goals', 1100)
    at(1110)
    browser.frame()
    expect(pixels.progress()).toEqual({ changes: 1, behind: 1 })
    at(1115)
    browser.task()
    expect(pixels.read()).toEqual({ changes: 1, behind: 0, agesMs: [115], paintsMs: [15], longestTaskMs: 0 })
  })

  it('is owed for each change and each query on screen that it touches', async () => {
    browser.change('goals', 1000)
    browser.change('check_ins', 1001)
    browser.change('audit_log', 1002)
    expect(pixels.progress()).toEqual({ changes: 3, behind: 3 })
    await refetch(0, 1050)
    paint()
    expect(pixels.read()).toMatchObject({ behind: 1, agesMs: [50, 49] })
  })

  it('is not ended by a request from before the change arrived', async () => {
    browser.ask('/api/goals')
    browser.change('goals', 1000)
    await browser.answer(0)
    await browser.commit('Goals', 1001)
    paint()
    expect(pixels.progress().behind).toBe(1)
  })

  it('is not ended by the answer to a request that another has replaced', async () => {
    browser.change('goals', 1000)
    browser.ask('/api/goals')
    browser.ask('/api/goals')
    await browser.answer(0)
    await browser.commit('Goals', 1001)
    paint()
    expect(pixels.progress().behind).toBe(1)
    at(1200)
    await browser.answer(1)
    await browser.commit('Goals', 1200)
    paint()
    expect(pixels.read()).toMatchObject({ behind: 0, agesMs: [200] })
  })

  it('is not ended while the card still shows what is older than the answer', async () => {
    browser.change('goals', 1000)
    browser.ask('/api/goals')
    at(1050)
    await browser.answer(0)
    await browser.commit('Goals', 1049)
    await browser.commit('Partners', 1050)
    paint()
    expect(pixels.progress().behind).toBe(1)
  })

  it('ends with its own card, when answers for several wait', async () => {
    browser.change('check_ins', 1000)
    browser.ask('/api/goals')
    browser.ask('/api/partners')
    await browser.answer(0)
    await browser.answer(1)
    at(1010)
    await browser.commit('Partners', 1000)
    paint()
    expect(pixels.read()).toMatchObject({ behind: 1, agesMs: [10] })
    at(1020)
    await browser.commit('Goals', 1000)
    paint()
    expect(pixels.read()).toMatchObject({ behind: 0, agesMs: [10, 20] })
  })

  it('is not ended by a request that fails, nor by a write', async () => {
    browser.change('goals', 1000)
    browser.ask('/api/goals')
    browser.ask('/api/goals', 'POST')
    await browser.answer(0, 500)
    await browser.answer(1)
    await browser.commit('Goals', 1001)
    paint()
    expect(pixels.progress().behind).toBe(1)
  })

  it('waits for the next frame when the card changes after the callbacks of this one', async () => {
    browser.change('check_ins', 1000)
    browser.ask('/api/partners')
    await browser.answer(0)
    await browser.commit('Partners', 1000)
    browser.frame()
    await refetch(1, 1010)
    browser.task()
    expect(pixels.read()).toMatchObject({ behind: 1, agesMs: [10] })
    at(1026)
    paint()
    expect(pixels.read()).toMatchObject({ behind: 0, agesMs: [10, 26] })
  })
})

describe('a change', () => {
  const data = { table: 'goals', commit_timestamp: new Date(900).toISOString() }

  it('counts in either form of a frame', () => {
    browser.receive([null, null, 'realtime:db', 'postgres_changes', { data }])
    browser.receive({ topic: 'realtime:db', event: 'postgres_changes', payload: { data } })
    expect(pixels.progress()).toEqual({ changes: 2, behind: 2 })
  })

  it('is not what the server says about its subscription', () => {
    browser.receive([null, null, 'realtime:db', 'system', { extension: 'postgres_changes', status: 'ok' }])
    expect(pixels.progress().changes).toBe(0)
  })
})

describe('a reading', () => {
  it('begins anew at a reset', async () => {
    browser.change('goals', 1000)
    await refetch(0, 1050)
    paint()
    browser.block(80)
    pixels.reset()
    expect(pixels.read()).toEqual({ changes: 0, behind: 0, agesMs: [], paintsMs: [], longestTaskMs: 0 })
    browser.change('goals', 1060)
    await refetch(1, 1100)
    paint()
    expect(pixels.read()).toMatchObject({ changes: 1, behind: 0, agesMs: [40] })
  })

  it('has the longest task', () => {
    browser.block(60)
    browser.block(80)
    browser.block(70)
    expect(pixels.read().longestTaskMs).toBe(80)
    expect(pixels.read().longestTaskMs).toBe(80)
  })
})
