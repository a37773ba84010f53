import { type Entry, type FetchOutcome, type RevertState, type Run, idle, isOpen, open } from './way.ts'

/** How much a request counts that ended after all: the next one is to be given little more time than it took. */
const LATE_SHARE = 0.3

const ownRun: Run = { is: 'running', own: true }
const othersRun: Run = { is: 'running', own: false }

/** A request has started, or waits for the network, in place of the one that ran before, if one did. */
export function startRun(entry: Entry, own: boolean, startedAt: number, nowMs: number): void {
  const known = open(entry)
  known.run = own ? ownRun : othersRun
  known.runId += 1
  if (own) takeOver(known)
  known.hasAsked = false
  known.startedAt = startedAt
  known.attemptAtMs = entry.query.state.fetchStatus === 'paused' ? undefined : nowMs
  known.revertsTo = entry.query.state
}

/** The coalescer fetches what it had left to the app. */
function takeOver(known: ReturnType<typeof open>): void {
  known.cause = known.leftBy ?? known.cause
  known.leftBy = undefined
}

/** The request that is running asks for everything from now on. */
export function renewRun(entry: Entry, startedAt: number): void {
  open(entry).startedAt = startedAt
  open(entry).hasAsked = true
}

/** What the request that is running brings is not to count as newer than what there was, until it asks. */
export function doubtRun(entry: Entry): void {
  open(entry).startedAt = entry.endedStartedAt
  open(entry).hasAsked = false
}

/** What is there beside the request that is running is older than an event: should it bring nothing, that is left. */
export function noteOlderData(entry: Entry, seq: number): void {
  open(entry).endedStartedAt = Math.min(entry.endedStartedAt, seq - 1)
}

/** Whatever the request brings is as new as it is noted to be. */
export const trustRun = (entry: Entry): void => void (open(entry).hasAsked = true)

/** An attempt of the request begins now; one of its pages may have ended. */
export function startAttempt(entry: Entry, nowMs: number): void {
  endAttempt(entry, nowMs)
  open(entry).attemptAtMs = nowMs
}

/** The request waits for the network, with no attempt under way. */
export const pauseRun = (entry: Entry): void => void (open(entry).attemptAtMs = undefined)

/** An attempt has failed; the next one begins at this time at the latest. */
export function failAttempt(entry: Entry, nowMs: number, nextAtMs: number): void {
  endAttempt(entry, nowMs)
  open(entry).attemptAtMs = nextAtMs
}

function endAttempt(entry: Entry, nowMs: number): void {
  const { attemptAtMs, longestMs, run } = entry
  const share = run.is === 'stuck' ? LATE_SHARE : 1
  if (attemptAtMs !== undefined) open(entry).longestMs = Math.max(longestMs, (nowMs - attemptAtMs) * share)
  open(entry).attemptAtMs = undefined
}

/** Nobody waits for the request any more; it may still end. */
export function stickRun(entry: Entry): void {
  if (entry.run.is === 'running') open(entry).run = { ...entry.run, is: 'stuck' }
}

/** The app has written to the query: a cancellation of its request keeps that. */
export function noteWritten(entry: Entry): void {
  if (isOpen(entry)) open(entry).revertsTo = entry.query.state
}

/** Whether a state is the one that a cancellation of the request brings back. */
export const isRevertedTo = ({ revertsTo }: Entry, { data, dataUpdatedAt, dataUpdateCount }: RevertState): boolean =>
  revertsTo?.data === data &&
  revertsTo?.dataUpdatedAt === dataUpdatedAt &&
  revertsTo?.dataUpdateCount === dataUpdateCount

export function endRun(entry: Entry, outcome: FetchOutcome, nowMs: number): void {
  const { startedAt, endedStartedAt, query } = entry
  if (outcome !== 'cancelled') endAttempt(entry, nowMs)
  const known = open(entry)
  known.run = idle
  known.attemptAtMs = undefined
  known.revertsTo = undefined
  known.outcome = outcome
  known.error = outcome === 'error' ? query.state.error : null
  if (outcome === 'success' && entry.hasAsked) known.answer = query.state.data
  if (outcome === 'cancelled') known.startedAt = endedStartedAt
  else known.endedStartedAt = startedAt
}

/** The query is gone, and its request with it. */
export function dropRun(entry: Entry): void {
  open(entry).run = idle
  open(entry).isGone = true
}

/** The request that is open is none of the coalescer's any more. */
export function disownRun(entry: Entry): void {
  const { run } = entry
  if (run.is !== 'idle' && run.own) open(entry).run = { ...run, own: false }
}
