import { type ActorRef, type Snapshot, sendTo, setup } from 'xstate'
import { describe } from './describe.ts'
import type { SurroundingsEvent, SurroundingsPort, SurroundingsReport } from './surroundingsPort.ts'

export interface SurroundingsInput {
  readonly port: SurroundingsPort
  readonly parentRef: ActorRef<Snapshot<unknown>, SurroundingsReport>
}

/** Follows what keeps fetches back. An actor of its own, because each region costs every event that passes it. */
export const surroundingsMachine = setup({
  types: {} as {
    context: SurroundingsInput
    input: SurroundingsInput
    events: SurroundingsEvent
  },
  guards: {
    hasDeferred: ({ context }) => context.port.isDeferring,
  },
  actions: {
    notePageHidden: ({ context }) => context.port.pageHidden(),
    notePageVisible: ({ context }) => context.port.pageVisible(),
    reportReturn: sendTo(({ context }) => context.parentRef, { type: 'RETURNED' }),
  },
}).createMachine({
  id: 'surroundings',
  description: describe('What keeps fetches back from outside: a page that is out of sight, mutations of the app.'),
  context: ({ input }) => input,
  type: 'parallel',
  states: {
    page: {
      description: describe(
        "Whether the page is on screen. With whenHidden 'defer' nothing is fetched while it is not.",
      ),
      initial: 'visible',
      states: {
        visible: {
          description: describe('The page is on screen.'),
          on: { PAGE_HIDDEN: { target: 'hidden', actions: 'notePageHidden' } },
        },
        hidden: {
          description: describe('The page is out of sight. What was deferred meanwhile is caught up with on return.'),
          on: {
            PAGE_VISIBLE: [
              { guard: 'hasDeferred', target: 'visible', actions: ['notePageVisible', 'reportReturn'] },
              { target: 'visible' },
            ],
          },
        },
      },
    },
    ownWrites: {
      description: describe('Whether queries that mutations of the app have written to wait for their fetch.'),
      initial: 'free',
      states: {
        free: {
          description: describe('No fetch waits for a mutation.'),
          on: { HOLDING: 'holding' },
        },
        holding: {
          description: describe('Fetches wait for the end of mutations, which they would overwrite.'),
          on: { FREE: 'free' },
        },
      },
    },
  },
})
