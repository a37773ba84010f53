import { expect, it } from 'vitest'
import { runTrace } from './run.ts'
import type { Step, Trace, TraceConfig } from './trace.ts'

const simplest: TraceConfig = {
  strategy: 'debounce',
  timing: { quietMs: 0, maxWaitMs: 50, refetchDelayMs: 0, leading: false, jitterMs: 0, maxBufferedChanges: 1 },
  maxConcurrentRefetches: Infinity,
  whenHidden: 'defer',
  inspected: false,
  retry: 0,
  staleTimeMs: 0,
  gcTimeMs: Infinity,
  abortable: false,
  latenciesMs: [0],
  loaded: [],
  seed: 0,
}

interface Regression {
  readonly rule: string
  readonly config?: Partial<TraceConfig>
  readonly steps: readonly Step[]
  readonly end: Trace['end']
}

const atQuiet: Trace['end'] = { afterQuiet: true, pending: 'markStale' }
const stopAndMark: Trace['end'] = { afterQuiet: false, pending: 'markStale' }
const stopAndFlush: Trace['end'] = { afterQuiet: false, pending: 'flush' }

/** Traces that break a promise easily; the numbers are indices into `pool.ts`. */
const regressions: readonly Regression[] = [
  {
    rule: "stop({ pending: 'markStale' }) marks a query whose first fetch is older than the event",
    steps: [
      { do: 'mount', query: 0 },
      { do: 'invalidate', keys: [0] },
    ],
    end: stopAndMark,
  },
  {
    rule: 'an event that only marks is not lost when a newer fetch is cancelled before it ends',
    config: { loaded: [0], latenciesMs: [250], staleTimeMs: Infinity },
    steps: [
      { do: 'invalidate', keys: [0], refetchType: 'none' },
      { do: 'appRefetch', query: 0 },
      { do: 'flush' },
      { do: 'cancel', query: 0 },
    ],
    end: atQuiet,
  },
  {
    rule: "stop({ pending: 'flush' }) keeps to maxConcurrentRefetches with fetches to follow",
    config: { maxConcurrentRefetches: 2, loaded: [0, 2, 1] },
    steps: [
      { do: 'invalidate', keys: [0], urgent: true },
      { do: 'invalidate', keys: [0] },
    ],
    end: stopAndFlush,
  },
  {
    rule: "stop({ pending: 'flush' }) does not fetch again what a paused fetch will bring",
    steps: [{ do: 'offline' }, { do: 'mount', query: 0 }, { do: 'refetch', keys: [0], queryType: 'active' }],
    end: stopAndFlush,
  },
  {
    rule: "stop({ pending: 'flush' }) leaves a query stale that was disabled before its fetch could follow",
    config: { loaded: [4] },
    steps: [
      { do: 'invalidate', keys: [14, 0], urgent: true },
      { do: 'invalidate', keys: [5, 0] },
      { do: 'switch', strategy: { name: 'perKey' } },
      { do: 'toggle', query: 4 },
    ],
    end: stopAndFlush,
  },
  {
    rule: "stop({ pending: 'flush' }) does not fetch again what TanStack Query has fetched while it waited for a slot",
    config: { maxConcurrentRefetches: 1, loaded: [0, 1] },
    steps: [{ do: 'refetch', keys: [0], queryType: 'active' }, { do: 'offline' }],
    end: stopAndFlush,
  },
  {
    rule: "stop({ pending: 'flush' }) does not fetch again what has failed while it waited for a slot",
    config: { maxConcurrentRefetches: 1, loaded: [0, 1] },
    steps: [{ do: 'invalidate', keys: [0] }, { do: 'offline' }, { do: 'serverDown' }],
    end: stopAndFlush,
  },
  {
    rule: "stop({ pending: 'flush' }) fetches a query that was enabled during a fetch from before the event",
    config: { latenciesMs: [250] },
    steps: [
      { do: 'mount', query: 0 },
      { do: 'toggle', query: 0 },
      { do: 'invalidate', keys: [0] },
      { do: 'wait', ms: 0 },
      { do: 'toggle', query: 0 },
    ],
    end: stopAndFlush,
  },
  {
    rule: "stop({ pending: 'flush' }) does not start a fetch in the instant in which another of the query fails",
    config: { maxConcurrentRefetches: 1, retry: 1, latenciesMs: [50, 250], loaded: [0, 1, 2] },
    steps: [
      { do: 'invalidate', keys: [0] },
      { do: 'wait', ms: 500 },
      { do: 'offline' },
      { do: 'mount', query: 3 },
      { do: 'wait', ms: 50 },
      { do: 'serverDown' },
      { do: 'invalidate', keys: [0] },
    ],
    end: stopAndFlush,
  },
  {
    rule: 'flush() waits for a paused fetch that the return of the network lets go on in the same instant',
    steps: [
      { do: 'offline' },
      { do: 'mount', query: 0 },
      { do: 'invalidate', keys: [0] },
      { do: 'online' },
      { do: 'flush' },
    ],
    end: stopAndMark,
  },
  {
    rule: 'the first page of an infinite query answers the events before it',
    config: { loaded: [5], latenciesMs: [250] },
    steps: [{ do: 'clear' }, { do: 'invalidate', keys: [6] }, { do: 'nextPage', query: 5 }, { do: 'wait', ms: 500 }],
    end: atQuiet,
  },
  {
    rule: 'one more page of an infinite query leaves the pages stale that were stale before',
    config: { loaded: [5] },
    steps: [
      { do: 'toggle', query: 5 },
      { do: 'invalidate', keys: [15], urgent: true },
      { do: 'nextPage', query: 5 },
      { do: 'wait', ms: 50 },
    ],
    end: atQuiet,
  },
  {
    rule: 'a patch of one row leaves the query stale that was stale before',
    config: { loaded: [0], staleTimeMs: Infinity },
    steps: [
      { do: 'invalidate', keys: [0], refetchType: 'none' },
      { do: 'wait', ms: 100 },
      { do: 'change', invalidate: [], refetch: [], patch: 0 },
      { do: 'wait', ms: 100 },
    ],
    end: atQuiet,
  },
  {
    rule: 'what hybrid has marked is fetched when its strategy is switched',
    config: {
      strategy: 'hybrid',
      loaded: [0],
      timing: { ...simplest.timing, refetchDelayMs: 200 },
    },
    steps: [
      { do: 'invalidate', keys: [0] },
      { do: 'wait', ms: 50 },
      { do: 'switch', strategy: { name: 'debounce' } },
    ],
    end: atQuiet,
  },
  {
    rule: 'a query that was unmounted is not fetched for an older event that asked for unmounted ones',
    config: { loaded: [0] },
    steps: [
      { do: 'refetch', keys: [0], queryType: 'all' },
      { do: 'wait', ms: 0 },
      { do: 'invalidate', keys: [0], urgent: true },
      { do: 'unmount', query: 0 },
    ],
    end: atQuiet,
  },
  {
    rule: 'batch does not wait for what turned out to ask for nothing while the page was hidden',
    config: { strategy: 'batch', loaded: [0], timing: { ...simplest.timing, maxBufferedChanges: 2 } },
    steps: [
      { do: 'hide' },
      { do: 'change', invalidate: [], refetch: [] },
      { do: 'wait', ms: 0 },
      { do: 'change', invalidate: [], refetch: [] },
      { do: 'unhide' },
      { do: 'change', invalidate: [0], refetch: [] },
      { do: 'wait', ms: 150 },
    ],
    end: atQuiet,
  },
  {
    rule: 'flush() does not wait for a query whose slot a paused fetch holds',
    config: { maxConcurrentRefetches: 1, loaded: [0, 1] },
    steps: [
      { do: 'offline' },
      { do: 'refetch', keys: [0], queryType: 'active' },
      { do: 'flush' },
      { do: 'wait', ms: 0 },
    ],
    end: atQuiet,
  },
  {
    rule: 'settled() waits for what was paused while a mutation that never ends kept it from going on',
    config: { loaded: [0] },
    steps: [
      { do: 'offline' },
      { do: 'mutate', query: 1, commitMs: 0, outcome: 'never', writes: false },
      { do: 'invalidate', keys: [0] },
      { do: 'wait', ms: 0 },
      { do: 'online' },
      { do: 'settled' },
    ],
    end: atQuiet,
  },
  {
    rule: 'time hidden does not count as waited at a stop',
    steps: [{ do: 'hide' }, { do: 'clientInvalidate', key: 0 }, { do: 'wait', ms: 500 }],
    end: stopAndMark,
  },
  {
    rule: "stop({ pending: 'flush' }) marks what an older answer has brought while another tab's state hid a later request",
    config: { loaded: [0] },
    steps: [
      { do: 'hydrate', query: 0, latencyMs: 0 },
      { do: 'invalidate', keys: [0] },
      { do: 'foreignState', query: 0, claims: 'idle', isNew: false },
      { do: 'offline' },
      { do: 'hang' },
    ],
    end: stopAndFlush,
  },
  {
    rule: 'a paused fetch that goes on counts from then, though a component mounts in the same turn',
    config: { loaded: [1], staleTimeMs: Infinity },
    steps: [
      { do: 'offline' },
      { do: 'invalidate', keys: [0], urgent: true },
      { do: 'online' },
      { do: 'mount', query: 1 },
    ],
    end: stopAndMark,
  },
  {
    rule: 'a request that never ends is replaced for an event from within its queryFn, restored data beside it',
    config: { loaded: [0], staleTimeMs: Infinity },
    steps: [
      { do: 'reenter', in: 'queryFn', key: 0 },
      { do: 'remove', query: 0 },
      { do: 'restore' },
      { do: 'hang' },
      { do: 'mount', query: 0 },
      { do: 'invalidate', keys: [0], urgent: true },
      { do: 'wait', ms: 50 },
      { do: 'unhang' },
      { do: 'wait', ms: 11_000 },
    ],
    end: atQuiet,
  },
  {
    rule: 'a fetch that joins one which runs already is not counted',
    config: { strategy: 'direct' },
    steps: [
      { do: 'mount', query: 4 },
      { do: 'change', invalidate: [5], refetch: [5], cancel: 4 },
    ],
    end: atQuiet,
  },
  {
    rule: "stop({ pending: 'flush' }) fetches again what a request from before the event, hidden by another tab's state, lands on",
    config: { whenHidden: 'refetch', latenciesMs: [700, 0], loaded: [0, 3] },
    steps: [
      { do: 'invalidate', keys: [4], urgent: true },
      { do: 'hide' },
      { do: 'invalidate', keys: [0] },
      { do: 'foreignState', query: 3, claims: 'idle', isNew: false },
      { do: 'wait', ms: 1 },
    ],
    end: stopAndFlush,
  },
  {
    rule: "a paused fetch that counts from its return is not marked at a stop, though another tab's state says that it runs",
    config: { loaded: [0] },
    steps: [
      { do: 'offline' },
      { do: 'invalidate', keys: [0] },
      { do: 'wait', ms: 0 },
      { do: 'mutate', query: 1, commitMs: 0, outcome: 'success', writes: false },
      { do: 'online' },
      { do: 'foreignState', query: 0, claims: 'fetching', isNew: false },
    ],
    end: stopAndMark,
  },
  {
    rule: 'a retry that hiding pauses and an unmount gives up is the failure of its fetch, which is not fetched again',
    config: { loaded: [2], retry: 3, staleTimeMs: Infinity },
    steps: [
      { do: 'serverDown' },
      { do: 'refetch', keys: [0], queryType: 'all' },
      { do: 'flush' },
      { do: 'hide' },
      { do: 'wait', ms: 500 },
      { do: 'unmount', query: 2 },
    ],
    end: atQuiet,
  },
  {
    rule: 'a call that the app awaits does not resolve while its fetch is queued behind one that goes on after a mutation',
    config: { maxConcurrentRefetches: 1, loaded: [0, 1] },
    steps: [
      { do: 'offline' },
      { do: 'mutate', query: 2, commitMs: 0, outcome: 'success', writes: false },
      { do: 'invalidate', keys: [10], urgent: true },
      { do: 'online' },
      { do: 'clientInvalidate', key: 11 },
    ],
    end: atQuiet,
  },
  {
    rule: 'a leading call that the app awaits does not resolve while its fetch is queued behind one that goes on later',
    config: { maxConcurrentRefetches: 1, loaded: [0, 1], timing: { ...simplest.timing, leading: true } },
    steps: [
      { do: 'offline' },
      { do: 'mutate', query: 2, commitMs: 0, outcome: 'success', writes: false },
      { do: 'invalidate', keys: [0], urgent: true },
      { do: 'online' },
      { do: 'clientInvalidate', key: 11 },
    ],
    end: stopAndMark,
  },
  {
    rule: 'a request that hands out hydrated data leaves it stale at its end, though a reset came in between',
    config: { loaded: [0], timing: { ...simplest.timing, jitterMs: 30 } },
    steps: [
      { do: 'invalidate', keys: [0] },
      { do: 'wait', ms: 500 },
      { do: 'hydrate', query: 0, latencyMs: 0 },
      { do: 'wait', ms: 1 },
      { do: 'hydrate', query: 0, latencyMs: 0 },
      { do: 'invalidate', keys: [1], urgent: true },
      { do: 'reset' },
    ],
    end: stopAndMark,
  },
  {
    rule: 'one more page that fails takes nothing from the fetch before it',
    config: { loaded: [5] },
    steps: [
      { do: 'invalidate', keys: [9] },
      { do: 'wait', ms: 11_000 },
      { do: 'serverDown' },
      { do: 'nextPage', query: 5 },
    ],
    end: atQuiet,
  },
  {
    rule: 'one more page in place of a request that was given up leaves its event owed a fetch',
    config: { loaded: [5] },
    steps: [{ do: 'invalidate', keys: [9] }, { do: 'hang' }, { do: 'wait', ms: 11_000 }, { do: 'nextPage', query: 5 }],
    end: atQuiet,
  },
  {
    rule: 'a page that a cancelled fetch still asks for is no answer to the one more page that has replaced it',
    config: { loaded: [5] },
    steps: [
      { do: 'nextPage', query: 5 },
      { do: 'wait', ms: 0 },
      { do: 'invalidate', keys: [9] },
      { do: 'invalidate', keys: [0], urgent: true },
      { do: 'nextPage', query: 5 },
    ],
    end: atQuiet,
  },
  {
    rule: 'an event on a page that is hidden for less than a turn is flushed',
    steps: [
      { do: 'hideSilently' },
      { do: 'invalidate', keys: [0] },
      { do: 'showSilently' },
      { do: 'unhide' },
      { do: 'wait', ms: 1 },
    ],
    end: stopAndMark,
  },
  {
    rule: 'flush() waits for no fetch on a hidden page that is to follow one which hydrated data has taken the place of',
    config: { loaded: [4, 5, 2], latenciesMs: [250, 0, 0] },
    steps: [
      { do: 'invalidate', keys: [0], urgent: true },
      { do: 'hideSilently' },
      { do: 'foreignState', query: 2, claims: 'idle', isNew: false },
      { do: 'switch', strategy: { name: 'direct' } },
      { do: 'wait', ms: 150 },
      { do: 'flush' },
      { do: 'hydrate', query: 2, latencyMs: 0 },
      { do: 'wait', ms: 11_000 },
    ],
    end: stopAndMark,
  },
  {
    rule: 'a query that is shown while a request from before an event runs is fetched anew once that is stuck',
    config: {
      timing: { quietMs: 0, maxWaitMs: 50, refetchDelayMs: 0, leading: true, jitterMs: 0, maxBufferedChanges: 1 },
    },
    steps: [
      { do: 'hydrate', query: 2, latencyMs: 0 },
      { do: 'hang' },
      { do: 'wait', ms: 11_000 },
      { do: 'clientRefetch', key: 0 },
      { do: 'invalidate', keys: [0] },
      { do: 'wait', ms: 0 },
      { do: 'mount', query: 2 },
      { do: 'wait', ms: 11_000 },
    ],
    end: stopAndMark,
  },
  {
    rule: 'what a handler cancels on screen, marked stale before a reset, is fetched again',
    config: {
      strategy: 'batch',
      loaded: [4],
      latenciesMs: [0],
      timing: { quietMs: 0, maxWaitMs: 50, refetchDelayMs: 0, leading: false, jitterMs: 0, maxBufferedChanges: 1 },
    },
    steps: [
      { do: 'invalidate', keys: [5, 0] },
      { do: 'wait', ms: 0 },
      { do: 'reset' },
      { do: 'hydrate', query: 4, latencyMs: 0 },
      { do: 'change', invalidate: [], refetch: [], cancel: 4 },
    ],
    end: stopAndMark,
  },
  ...[atQuiet, stopAndMark].map((end) => ({
    rule: `older data restored into an infinite query that is being fetched is found out if one more page is loaded instead (${end.afterQuiet ? 'at quiet' : 'at a stop'})`,
    config: { loaded: [5], latenciesMs: [700] },
    steps: [
      { do: 'clear' },
      { do: 'refetch', keys: [6], queryType: 'active' },
      { do: 'wait', ms: 0 },
      { do: 'appRefetch', query: 5 },
      { do: 'restore' },
      { do: 'nextPage', query: 5 },
    ] as const,
    end,
  })),
]

it.each(regressions)('$rule', async ({ config, steps, end }) => {
  await expect(runTrace({ config: { ...simplest, ...config }, steps, end })).resolves.toBeUndefined()
})
