import { connectionSetup } from './connectionSetup.ts'

/** How an open channel can be lost. */
const losses = {
  CHANNEL_ERROR: { target: '#rejoining', actions: 'reportChannelError' },
  TIMED_OUT: { target: '#rejoining', actions: 'reportTimeout' },
  SYSTEM_ERROR: { target: '#refused', actions: 'reportSystemError' },
  CLOSED: { target: '#reopening', actions: 'reportClosed' },
} as const

/** What can happen to an open channel that is not live. */
const progress = { ...losses, SUBSCRIBED: { target: '#attaching' }, SYSTEM_OK: { target: '#live' } } as const

const reopenUnattached = { target: '#reopening', actions: ['reportUnattached', 'removeChannel'] } as const

const link = connectionSetup.createStateConfig({
  description: 'How far the channel has come.',
  initial: 'idle',
  states: {
    idle: {
      description: 'Nobody has asked for the feed yet.',
      on: { INITIALIZE: { target: 'connecting' } },
    },
    connecting: {
      id: 'connecting',
      description: "A new channel object joins, with the user's token.",
      initial: 'authorizing',
      on: { STOP: { target: 'closed' } },
      states: {
        authorizing: {
          description: 'A join carries a token only if the client knows it by then.',
          invoke: {
            src: 'authorize',
            input: ({ context }) => context.port,
            onDone: { target: 'joining' },
            onError: { target: 'joining', actions: 'reportUnauthorized' },
          },
          after: { authorizeTimeout: { target: 'joining', actions: 'reportSlowAuthorization' } },
        },
        joining: {
          description: 'The join is under way; the client repeats it as long as it fails.',
          entry: 'openChannel',
          on: progress,
        },
      },
    },
    attaching: {
      id: 'attaching',
      description: 'The channel is joined, but the server may not have attached the feed yet.',
      on: { ...losses, SYSTEM_OK: { target: 'live' }, STOP: { target: 'closed' } },
      after: { attachTimeout: reopenUnattached },
    },
    live: {
      id: 'live',
      description: 'Changes are delivered. Another SYSTEM_OK may hide a gap, but the feed stays attached.',
      entry: 'resetAttempts',
      on: { ...losses, SUBSCRIBED: { target: 'attaching' }, STOP: { target: 'closed' } },
    },
    interrupted: {
      description: 'The feed is lost, not by our own doing.',
      initial: 'rejoining',
      on: { STOP: { target: 'closed' } },
      states: {
        rejoining: {
          id: 'rejoining',
          description: 'The client joins the same channel object again by itself.',
          on: progress,
        },
        refused: {
          id: 'refused',
          description: 'The channel is joined without a feed. The server may still attach it.',
          on: progress,
          after: { attachTimeout: reopenUnattached },
        },
        reopening: {
          id: 'reopening',
          description: 'The channel object is dead: a new one is opened after a delay that grows until live.',
          after: { reopenDelay: { target: '#connecting', actions: 'countAttempt' } },
        },
      },
    },
    closed: {
      description: 'We have left the channel.',
      entry: 'removeChannel',
      on: { INITIALIZE: { target: 'connecting' } },
    },
  },
})

/** What opens a gap in a feed that was live. */
const gaps = (target: 'broken' | 'flapping') => ({
  SUBSCRIBED: { target },
  CHANNEL_ERROR: { target },
  TIMED_OUT: { target },
  SYSTEM_ERROR: { target },
  CLOSED: { target },
})

const repair = connectionSetup.createStateConfig({
  description: 'Which changes may have been missed. Gaps close together are repaired once.',
  initial: 'untried',
  states: {
    untried: {
      description: 'The feed has never been live.',
      on: {
        SYSTEM_OK: [
          { guard: 'marksFirst', target: 'intact', actions: 'markStale' },
          { guard: 'refetchesFirst', target: 'settling', actions: 'boundRepair' },
          { target: 'intact' },
        ],
      },
    },
    intact: {
      description: 'Nothing is known to be missed.',
      on: { ...gaps('broken'), SYSTEM_OK: { target: 'settling', actions: 'boundRepair' }, STOP: { target: 'broken' } },
    },
    broken: {
      description: 'Changes may be missed until the feed is live again.',
      on: { SYSTEM_OK: { target: 'settling', actions: 'boundRepair' } },
    },
    settling: {
      description: 'Live again: repairs once that has lasted, or flaps have put it off for too long.',
      on: { ...gaps('flapping'), SYSTEM_OK: { target: 'settling', reenter: true }, STOP: { target: 'broken' } },
      after: { untilRepair: { target: 'intact', actions: 'catchUp' } },
    },
    flapping: {
      description: 'Lost again before the repair. What was missed before is repaired in time all the same.',
      on: { SYSTEM_OK: { target: 'settling' }, STOP: { target: 'broken' } },
      after: { untilLatestRepair: { target: 'broken', actions: 'catchUp' } },
    },
  },
})

const backstop = connectionSetup.createStateConfig({
  description: 'A sweep from time to time, for changes a feed drops without a sign.',
  initial: 'off',
  states: {
    off: {
      description: 'No sweeps.',
      on: { INITIALIZE: { guard: 'hasBackstop', target: 'on' } },
    },
    on: {
      description: 'Sweeps while the page is visible and online.',
      entry: 'watchPage',
      exit: 'unwatchPage',
      initial: 'waiting',
      on: { STOP: { target: 'off' } },
      states: {
        waiting: {
          description: 'The next sweep is not due yet.',
          after: {
            backstop: [{ guard: 'isAwake', target: 'waiting', reenter: true, actions: 'sweep' }, { target: 'overdue' }],
          },
        },
        overdue: {
          description: 'The page is hidden or offline: one sweep on return.',
          on: { PAGE_AWAKE: { target: 'waiting', actions: 'sweep' } },
        },
      },
    },
  },
})

/** Keeps a channel joined, knows whether the feed delivers, and has each gap repaired once. */
export const connectionMachine = connectionSetup.createMachine({
  id: 'connection',
  description: 'Keeps a channel joined, knows whether the feed delivers, and has each gap repaired once.',
  context: ({ input }) => ({ port: input.port, attempts: 0, latestRepairAtMs: 0 }),
  type: 'parallel',
  states: { link, repair, backstop },
})
