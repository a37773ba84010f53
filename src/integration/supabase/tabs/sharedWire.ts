import { userOf } from '../../../actions/token.ts'
import type { CoalescerInternals } from '../../query/internals.ts'
import type { FeedSocket } from '../client.ts'
import type { ResolvedService } from '../resolveService.ts'
import type { UserToken } from '../userToken.ts'
import type { Wire, WireListener } from '../wire.ts'
import { type TabsEnvironment, resolveEnvironment } from './environment.ts'
import { joinGroup } from './membership.ts'
import type { Membership } from './membershipPort.ts'
import { PROTOCOL } from './messages.ts'
import { watchUser } from './watchUser.ts'

/** How long the user's token may take before the tab looks for others without it. */
const AUTHORIZE_TIMEOUT_MS = 10_000
/** Time between two looks at whose token the client has, and whether the tab is visible. */
const LOOK_MS = 1_000
/** How many looks pass before a client that is told of no sign-in is asked for the user's token. */
const LOOKS_PER_ASKING = 10

/** A wire that the tabs of one user have in common. */
export function createSharedWire(
  service: ResolvedService,
  internals: CoalescerInternals,
  token: UserToken,
  listener: WireListener,
  given: TabsEnvironment,
): Wire {
  const { supabase } = service
  const socket = supabase.realtime as (FeedSocket & { readonly endPoint?: unknown }) | undefined
  const clock = internals.actorOptions.clock ?? globalThis
  const environment = resolveEnvironment(given)
  let membership: Membership | undefined
  let hasReportedAlone = false
  /** The run under way; another one after each start and stop. */
  let run = 0
  let end = (): void => undefined

  function findToken(): Promise<void> {
    return token
      .authorize()
      .catch((error: unknown) => listener.report("The user's token could not be given to the client.", error))
  }

  /**
   * Closes the socket when nothing else is on it: the client would keep it for a while. At once, because a page that is
   * about to be frozen has no other time.
   */
  function closeSocket(topics: ReadonlySet<string>): void {
    if (!supabase.getChannels?.().every(({ topic }) => topics.has(topic))) return
    Promise.resolve(socket?.disconnect?.()).catch((error: unknown) =>
      listener.report('The socket could not be closed.', error),
    )
  }

  function renewToken(renewed: string): void {
    const before = token.current()
    void findToken().then(() => {
      // The client finds what the app's session has; what the app sets by itself has to be set here too.
      if (token.current() === before) void socket?.setAuth?.(renewed)
    })
  }

  function reportAlone(error: unknown): void {
    if (hasReportedAlone) return
    hasReportedAlone = true
    const message =
      'Expected Web Locks and BroadcastChannel for `shareAcrossTabs`, got a context without them. This tab has a connection of its own.'
    listener.report(message, error)
  }

  function startRun(): void {
    const isCurrent = (
      (own) => () =>
        own === run
    )(run)
    let seen = token.current()
    let user = userOf(seen)
    let isVisible = environment.isVisible()
    let looks = 0
    let timer: unknown

    const join = (): Membership =>
      joinGroup({
        service,
        internals,
        token,
        environment,
        group: `realtime-coalescer/${PROTOCOL} ${JSON.stringify([addressOf(supabase), service.channel, user])}`,
        listener,
        isOwnGroup,
        renewToken,
        closeSocket,
        reportAlone,
      })

    function isOwnGroup(): boolean {
      if (!isCurrent()) return false
      if (token.current() === seen || userOf(token.current()) === user) return true
      queueMicrotask(follow)
      return false
    }

    /** Follows the user of the client. */
    function follow(): void {
      const found = token.current()
      if (!isCurrent() || found === seen) return
      seen = found
      if (userOf(found) === user) {
        if (found !== undefined) membership?.tokenRenewed(found)
        return
      }
      membership?.end()
      user = userOf(found)
      membership = join()
    }

    function look(): void {
      follow()
      if (environment.isVisible() !== isVisible) {
        isVisible = !isVisible
        membership?.visibilityChanged()
      }
      membership?.looked()
      looks += 1
      if (looks % LOOKS_PER_ASKING === 0) void findToken().then(follow)
      timer = clock.setTimeout(look, LOOK_MS)
    }

    const unwatchUser = watchUser(supabase, follow)
    const unwatch = environment.watchSleep(
      () => membership?.sleep(),
      () => membership?.wake(),
    )
    end = () => {
      clock.clearTimeout(timer as never)
      unwatch()
      unwatchUser()
      end = () => undefined
    }
    membership = join()
    look()
  }

  return {
    start() {
      run += 1
      const own = run
      listener.progressed({ type: 'STATUS', status: 'connecting' })
      const tooLate = clock.setTimeout(found, AUTHORIZE_TIMEOUT_MS)
      let isFound = false
      function found(): void {
        clock.clearTimeout(tooLate as never)
        if (isFound || own !== run) return
        isFound = true
        startRun()
      }
      end = () => clock.clearTimeout(tooLate as never)
      void findToken().then(found)
    },
    stop() {
      membership?.end()
      membership = undefined
      run += 1
      end()
    },
    pageAwake: () => membership?.pageAwake(),
    distrust: (message) => membership?.distrust(message),
  }
}

/** What tells projects apart. */
function addressOf(supabase: object): unknown {
  const { supabaseUrl, realtime } = supabase as {
    readonly supabaseUrl?: unknown
    readonly realtime?: { readonly endPoint?: unknown }
  }
  return supabaseUrl ?? realtime?.endPoint ?? null
}
