import { connectionSetup } from './connectionSetup.ts'
import { describe } from './describe.ts'

/** How an open channel can be lost. */
const losses = {
  CHANNEL_ERROR: { target: '#rejoining', actions: ['reportChannelError', 'refreshToken'] },
  TIMED_OUT: { target: '#rejoining', actions: ['reportTimeout', 'refreshToken'] },
  SYSTEM_ERROR: { target: '#refused', actions: 'reportSystemError' },
  EXCLUDED: { target: '#connecting', actions: 'removeChannel' },
  DENIED: { target: '#denied', actions: 'reportDenied' },
  TOKEN_REFUSED: { target: '#reopening', actions: ['reportTokenRefused', 'removeChannel'] },
  CLOSED: { target: '#reopening', actions: 'reportClosed' },
} as const

const waking = { PAGE_AWAKE: { actions: 'refreshToken' } } as const

const attached = { target: '#live', actions: 'tellLate' } as const

/** What can happen to an open channel that is not live. */
const progress = { ...losses, ...waking, SUBSCRIBED: { target: '#attaching' }, SYSTEM_OK: attached } as const

const reopenGone = { target: '#reopening', actions: ['reportGone', 'removeChannel'] } as const

/** Some clients close their channels with the socket when the app disconnects, and say nothing (supabase-js 2.95). */
const closing = { SOCKET_CLOSED: [{ guard: 'isJoined', actions: 'lookAround' }, reopenGone] } as const

const reopenUnattached = { target: '#reopening', actions: ['reportUnattached', 'removeChannel'] } as const
const reopenUnjoined = { target: '#reopening', actions: ['reportUnjoined', 'removeChannel'] } as const

/** Keeps a channel joined, and knows whether its feed delivers. */
export const connectionMachine = connectionSetup.createMachine({
  id: 'connection',
  description: describe('Keeps a channel joined, and knows whether its feed delivers.'),
  context: ({ input }) => ({ port: input.port, attempts: 0 }),
  initial: 'idle',
  states: {
    idle: {
      description: describe('Nobody has asked for the feed yet.'),
      on: { INITIALIZE: { target: 'connecting' }, DENIED: losses.DENIED },
    },
    connecting: {
      id: 'connecting',
      description: describe("A new channel object joins, with the user's token."),
      initial: 'authorizing',
      on: { STOP: { target: 'closed' } },
      states: {
        authorizing: {
          description: describe('A join carries a token only if the client knows it by then.'),
          invoke: {
            src: 'authorize',
            input: ({ context }) => context.port,
            onDone: { target: 'joining' },
            onError: { target: 'joining', actions: 'reportUnauthorized' },
          },
          after: { authorizeTimeout: { target: 'joining', actions: 'reportSlowAuthorization' } },
        },
        joining: {
          description: describe('The join is under way; the client repeats it as long as it fails.'),
          entry: 'openChannel',
          on: progress,
          after: { joinTimeout: reopenUnjoined },
        },
      },
    },
    attaching: {
      id: 'attaching',
      description: describe('The channel is joined, but the server may not have attached the feed yet.'),
      on: { ...losses, ...waking, ...closing, SYSTEM_OK: attached, STOP: { target: 'closed' } },
      after: {
        readyTimeout: { guard: 'mayAttachSilently', target: 'live' },
        attachTimeout: reopenUnattached,
      },
    },
    live: {
      id: 'live',
      description: describe('Changes are delivered. Another SYSTEM_OK may hide a gap, but the feed stays attached.'),
      entry: 'resetAttempts',
      initial: 'watched',
      on: {
        ...losses,
        ...waking,
        ...closing,
        SUBSCRIBED: { target: 'attaching' },
        SYSTEM_OK: { guard: 'hidesGap', actions: 'tellGap' },
        DISTRUST: { target: '#reopening', actions: ['reportDistrust', 'removeChannel'] },
        STOP: { target: 'closed' },
      },
      states: {
        watched: {
          description: describe('Some clients close a channel without a word.'),
          after: {
            probe: [{ guard: 'isJoined', target: 'watched', reenter: true, actions: 'lookAround' }, reopenGone],
          },
        },
      },
    },
    interrupted: {
      description: describe('The feed is lost, not by our own doing.'),
      initial: 'rejoining',
      on: { STOP: { target: 'closed' } },
      states: {
        rejoining: {
          id: 'rejoining',
          description: describe('The client joins the same channel object again by itself.'),
          on: progress,
          after: { joinTimeout: reopenUnjoined },
        },
        refused: {
          id: 'refused',
          description: describe('The channel is joined without a feed. The server may still attach it.'),
          on: progress,
          after: { attachTimeout: reopenUnattached },
        },
        reopening: {
          id: 'reopening',
          description: describe(
            'The channel object is dead: a new one is opened after a delay that grows until live, or at once for a page that wakes.',
          ),
          on: { PAGE_AWAKE: { target: '#connecting', actions: 'countAttempt' } },
          after: { reopenDelay: { target: '#connecting', actions: 'countAttempt' } },
        },
      },
    },
    denied: {
      id: 'denied',
      description: describe(
        'The server refuses the channel. Asking again and again would hold up all others of the socket.',
      ),
      entry: 'removeChannel',
      initial: 'waiting',
      on: { STOP: { target: 'closed' } },
      after: { deniedTime: { target: 'connecting' } },
      states: {
        waiting: {
          description: describe('Another token may be let in.'),
          after: {
            tokenCheck: [
              { guard: 'hasNewToken', target: '#connecting' },
              { target: 'waiting', reenter: true },
            ],
          },
        },
      },
    },
    closed: {
      description: describe('We have left the channel.'),
      entry: 'removeChannel',
      on: { INITIALIZE: { target: 'connecting' } },
    },
  },
})
