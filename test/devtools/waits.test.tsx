// @vitest-environment happy-dom
import { cleanup, screen, within } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { advance, entries, openEntries, openPanel } from './support.tsx'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

it('answers why goals waited 177 ms: in the entry of its flush, with the gaps it learned from', async () => {
  const { coalescer } = await openPanel({}, { strategy: 'adaptive' })
  for (let pair = 0; pair < 4; pair += 1) {
    coalescer.scheduleInvalidate(['goals'])
    await advance(150)
    coalescer.scheduleInvalidate(['goals'])
    await advance(1500)
  }
  openEntries()
  const latest = within(entries()[0]!)
  const [wait] = within(latest.getByRole('list', { name: 'How long the roots waited' })).getAllByRole('listitem')
  expect(wait?.textContent).toContain(
    'goals waited 327 ms, learned: by its recent gaps, up to 177 ms for the next change cost less than a request.',
  )
  const histogram = within(wait!).getByRole('img')
  expect(histogram.getAttribute('aria-label')).toMatch(
    /^Gaps between its changes: up to 177 ms: 5\d %, longer than 1000 ms: 4\d %$/,
  )
  const bars = [...histogram.querySelectorAll('rect')].map((bar) => ({
    isTall: Number(bar.getAttribute('height')) > 2,
    isCovered: bar.hasAttribute('data-covered'),
  }))
  expect(bars.map(({ isTall }) => isTall).lastIndexOf(true)).toBe(11)
  expect(bars.findIndex(({ isTall }) => isTall)).toBe(5)
  expect(bars.map(({ isCovered }) => isCovered)).toEqual(bars.map((_, index) => index <= 5))
  coalescer.stop()
})

it('tells of an open window how long it will wait, as things stand, and why', async () => {
  const { coalescer } = await openPanel({}, { strategy: 'adaptive', quietMs: 400 })
  coalescer.scheduleInvalidate(['goals'])
  await advance(300)
  const open = within(screen.getByRole('list', { name: 'Open windows' })).getByRole('listitem')
  expect(open.textContent).toContain(
    'goals waits 800 ms, quiet: too few of its gaps are known yet, so twice the least, 800 ms.',
  )
  await advance(1000)
  expect(screen.queryByRole('list', { name: 'Open windows' })).toBeNull()
  coalescer.stop()
})

it('says nothing of waits under a strategy that has one window, nor of a flush that was asked for', async () => {
  const { coalescer } = await openPanel({}, { strategy: 'adaptive' })
  coalescer.scheduleInvalidate(['goals'])
  await advance(1000)
  coalescer.scheduleInvalidate(['goals'], { urgent: true })
  await advance(1000)
  coalescer.switchStrategy('debounce')
  coalescer.scheduleInvalidate(['goals'])
  await advance(1000)
  openEntries()
  const told = entries().map((entry) => within(entry).queryByRole('list', { name: 'How long the roots waited' }))
  expect(told.map((one) => one !== null)).toEqual([false, false, false, true])
  coalescer.stop()
})
