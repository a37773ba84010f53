import { expect, it } from 'vitest'
import type { ChannelProgress, ChannelStatus } from '../../../src/actions/feedStatus.ts'
import { newsBetween } from '../../../src/actions/tabs/unitProgress.ts'

const units = (...statuses: ChannelStatus[]): ChannelProgress[] =>
  statuses.map((status) => ({ status, isSetAside: status === 'denied' }))

it.each([
  ['one of two goes live', ['connecting', 'connecting'], ['live', 'connecting'], 'connecting', ['PARTLY_LIVE']],
  ['both are live', ['live', 'attaching'], ['live', 'live'], 'attaching', ['live', 'LIVE']],
  ['one is lost', ['live', 'live'], ['interrupted', 'live'], 'live', ['interrupted', 'LOST']],
  [
    'one is refused, so that the other is all',
    ['connecting', 'live'],
    ['denied', 'live'],
    'connecting',
    ['live', 'LIVE'],
  ],
  [
    'one is lost and another gained',
    ['live', 'interrupted'],
    ['interrupted', 'live'],
    'interrupted',
    ['LOST', 'PARTLY_LIVE'],
  ],
  ['nothing', ['live', 'live'], ['live', 'live'], 'live', []],
] as const)('tells that %s', (_, before, after, told, news) => {
  const found = newsBetween(units(...before), units(...after), told)
  expect(found.map((one) => (one.type === 'STATUS' ? one.status : one.type))).toEqual(news)
})
