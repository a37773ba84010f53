import type { RealtimeStatus } from '../actions/feedStatus.ts'
import { feedSetup } from './feedSetup.ts'
import { describe } from './describe.ts'

const whenStatus = <Status extends RealtimeStatus>(status: Status) =>
  ({ guard: { type: 'isStatus', params: { status } }, target: `.${status}` }) as const

const link = feedSetup.createStateConfig({
  description: describe('How far all channels together have come.'),
  initial: 'idle',
  on: {
    STATUS: [
      whenStatus('connecting'),
      whenStatus('attaching'),
      whenStatus('live'),
      whenStatus('interrupted'),
      whenStatus('closed'),
    ],
  },
  states: {
    idle: { description: describe('Nobody has asked for the feed yet.') },
    connecting: { description: describe('A channel has not joined yet.') },
    attaching: { description: describe('All channels have joined; the server may not have attached all of them yet.') },
    live: { description: describe('Changes are delivered by every channel that the server does not refuse.') },
    interrupted: { description: describe('A channel is lost, not by our own doing, or all are refused.') },
    closed: { description: describe('We have left the channels.') },
  },
})

const liveFirst = [
  { guard: 'marksFirst', target: 'intact', actions: 'markStale' },
  { guard: 'refetchesFirst', target: 'starting', actions: ['markStale', 'boundRepair'] },
  { target: 'intact' },
] as const

const repair = feedSetup.createStateConfig({
  description: describe(
    'Which changes may have been missed. Gaps close together are repaired once, whichever channels had them.',
  ),
  initial: 'untried',
  states: {
    untried: {
      description: describe('The feed has never been live.'),
      on: { LIVE: liveFirst, PARTLY_LIVE: { target: 'partly', actions: 'boundRepair' } },
    },
    partly: {
      description: describe('Live for the first time, but for some channels. The others are not waited for too long.'),
      on: { LIVE: liveFirst, LOST: { target: 'broken' }, STOP: { target: 'untried' } },
      after: { untilLatestRepair: { target: 'broken', actions: 'catchUp' } },
    },
    starting: {
      description: describe('Live for the first time: refetches what is older, once that has lasted.'),
      on: {
        LOST: { target: 'flapping' },
        GAP_PASSED: { target: 'settling' },
        LIVE: { target: 'settling' },
        STOP: { target: 'broken' },
      },
      after: { untilRepair: { target: 'intact', actions: 'refetchOlder' } },
    },
    intact: {
      description: describe('Nothing is known to be missed.'),
      on: {
        LOST: { target: 'broken' },
        GAP_PASSED: { target: 'settling', actions: 'boundRepair' },
        LIVE: { target: 'settling', actions: 'boundRepair' },
        STOP: { target: 'broken' },
      },
    },
    broken: {
      description: describe('Changes may be missed until the feed is live again.'),
      on: {
        LIVE: { target: 'settling', actions: 'boundRepair' },
        PARTLY_LIVE: { target: 'flapping', actions: 'boundRepair' },
        GAP_PASSED: { target: 'flapping', actions: 'boundRepair' },
      },
    },
    settling: {
      description: describe('Live again: repairs once that has lasted, or flaps have put it off for too long.'),
      on: {
        LOST: { target: 'flapping' },
        GAP_PASSED: { target: 'settling', reenter: true },
        LIVE: { target: 'settling', reenter: true },
        STOP: { target: 'broken' },
      },
      after: { untilRepair: { target: 'intact', actions: 'catchUp' } },
    },
    flapping: {
      description: describe(
        'Not all of it live at the repair. What was missed before is repaired in time all the same.',
      ),
      on: { LIVE: { target: 'settling' }, STOP: { target: 'broken' } },
      after: { untilLatestRepair: { target: 'broken', actions: 'catchUp' } },
    },
  },
})

const recheck = feedSetup.createStateConfig({
  description: describe('A server that was slow to attach a channel may lose what comes right after.'),
  initial: 'unneeded',
  states: {
    unneeded: {
      description: describe('No channel was attached late.'),
      on: { ATTACHED_LATE: { target: 'due' } },
    },
    due: {
      description: describe('Repairs once more when the server is sure to be ready, unless another gap comes first.'),
      on: {
        ATTACHED_LATE: { target: 'due', reenter: true },
        LOST: { target: 'unneeded' },
        STOP: { target: 'unneeded' },
      },
      after: { untilRecheck: { target: 'unneeded', actions: 'catchUp' } },
    },
  },
})

const backstop = feedSetup.createStateConfig({
  description: describe('A sweep from time to time, for changes a feed drops without a sign.'),
  initial: 'off',
  states: {
    off: {
      description: describe('No sweeps.'),
      on: { INITIALIZE: { guard: 'hasBackstop', target: 'on' } },
    },
    on: {
      description: describe('Sweeps while the page is visible and online.'),
      initial: 'waiting',
      on: { STOP: { target: 'off' } },
      states: {
        waiting: {
          description: describe('The next sweep is not due yet.'),
          after: {
            backstop: [{ guard: 'isAwake', target: 'waiting', reenter: true, actions: 'sweep' }, { target: 'overdue' }],
          },
        },
        overdue: {
          description: describe('The page is hidden or offline: one sweep on return.'),
          on: { PAGE_AWAKE: { target: 'waiting', actions: 'sweep' } },
        },
      },
    },
  },
})

/** Knows how far the channels of a feed have come, and has each gap of any of them repaired once. */
export const feedMachine = feedSetup.createMachine({
  id: 'feed',
  description: describe(
    'Knows how far the channels of a feed have come, and has each gap of any of them repaired once.',
  ),
  context: ({ input }) => ({ port: input.port, latestRepairAtMs: 0 }),
  type: 'parallel',
  states: { link, repair, recheck, backstop },
})
