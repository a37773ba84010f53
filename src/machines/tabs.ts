import { tabsSetup } from './tabsSetup.ts'
import { describe } from './describe.ts'

const unavailable = { UNAVAILABLE: { target: '#alone', actions: 'reportAlone' } } as const

/** How a tab comes to hold the connection no longer. */
const endings = {
  SEAT_LOST: { target: '#arriving' },
  SLEEP: { target: '#asleep' },
} as const

/** How a tab that has opened a connection beside the leader's has no leader beside it any more. */
const ofHeir = {
  GRANTED: { target: '#opening', actions: 'inherit' },
  SUPERSEDED: { target: '#listening' },
} as const

/** Says whether this tab holds the connection for all tabs of a browser, or hears another one that does. */
export const tabsMachine = tabsSetup.createMachine({
  id: 'tabs',
  description: describe(
    'Says whether this tab holds the connection for all tabs of a browser, or hears another one that does.',
  ),
  context: ({ input }) => ({ port: input.port }),
  initial: 'following',
  states: {
    following: {
      description: describe('Another tab holds the connection, or none does yet. This one waits for its turn.'),
      initial: 'arriving',
      on: {
        ...unavailable,
        ...endings,
        GRANTED: [{ guard: 'shouldYield', actions: 'yield' }, { target: 'takingOver' }],
      },
      states: {
        arriving: {
          id: 'arriving',
          description: describe('Waits for its turn from now on.'),
          entry: 'queue',
          always: { target: 'listening' },
        },
        asleep: {
          id: 'asleep',
          description: describe('The page is frozen or left: it could not even pass the connection on.'),
          entry: 'leave',
          on: { WAKE: { target: 'arriving' } },
        },
        listening: {
          id: 'listening',
          description: describe('The leader was heard not long ago, or nobody looks at this tab.'),
          on: { CHECK: { target: 'asking' }, RELIEVE: { target: '#relieving' } },
          after: {
            quiet: [
              { guard: 'hasHeard', target: 'listening', reenter: true },
              { guard: 'isVisible', target: 'asking' },
              { target: 'listening', reenter: true, actions: ['doubt', 'ask'] },
            ],
          },
        },
        asking: {
          description: describe('Nothing was heard of the leader for a while: it is asked for a sign of life.'),
          entry: 'ask',
          on: { HEARD: { target: 'listening' } },
          after: { answer: { target: 'askingAgain' } },
        },
        askingAgain: {
          description: describe('A second chance: this tab may have slept, and the answer be on its way.'),
          entry: ['doubt', 'ask'],
          on: { HEARD: { target: 'listening' } },
          after: { turn: { target: 'listening', actions: 'steal' } },
        },
      },
    },
    takingOver: {
      description: describe('This tab opens the connection, which does not deliver yet, or not alone.'),
      initial: 'opening',
      on: endings,
      states: {
        opening: {
          id: 'opening',
          description: describe("It is this tab's turn."),
          on: { LIVE: { target: '#leading' } },
        },
        relieving: {
          id: 'relieving',
          description: describe('Nobody looks at the leader, which goes on until this tab delivers too.'),
          on: { ...ofHeir, LIVE: { target: 'overlapping' } },
          after: { patience: { target: '#listening' } },
        },
        overlapping: {
          description: describe('Both deliver, until nothing can be on its way to the leader alone.'),
          entry: 'proclaim',
          on: { ...ofHeir, INTERRUPTED: { target: '#listening' } },
          after: { overlap: { target: 'succeeding' } },
        },
        succeeding: {
          description: describe('Takes the place of the leader, which says when it has told its last.'),
          entry: 'steal',
          on: { RELIEVED: { target: '#leading' } },
          after: { farewell: { target: '#leading', actions: 'inherit' } },
        },
      },
    },
    leading: {
      id: 'leading',
      description: describe('This tab holds the connection, and hands on what comes.'),
      on: endings,
    },
    alone: {
      id: 'alone',
      description: describe('The browser has no way to share: this tab has a connection of its own.'),
    },
  },
})
