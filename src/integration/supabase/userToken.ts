import { supersedes } from '../../actions/token.ts'
import type { FeedClient, FeedSocket } from './client.ts'

/** The token a client joins channels with. */
export interface UserToken {
  /** The token the client has now; `undefined` if it has none, or tells none. */
  current(): string | undefined
  /** Gives the client the user's token, unless the app has given it one of its own. */
  authorize(): Promise<void>
  /** Ends what keeps a token of the app's own. */
  release(): void
}

/** Follows, renews and keeps the token of a client. */
export function createUserToken(supabase: FeedClient, now: () => number): UserToken {
  const socket = supabase.realtime as FeedSocket | undefined
  /** What the client had after it was last asked to find the user's token by itself. */
  let found: string | undefined
  let release = (): void => undefined

  const current = (): string | undefined => socket?.accessTokenValue ?? undefined
  const apiKey = (): unknown => socket?.apiKey ?? (supabase as { readonly supabaseKey?: unknown }).supabaseKey

  /** Whether the client would lose a token that the app has set itself if it were asked to find the user's. */
  async function isOwn(token: string): Promise<boolean> {
    if (token === found || token === apiKey()) return false
    const find = socket?.accessToken
    if (typeof find !== 'function') return true
    const offered = await find()
    return (
      typeof offered !== 'string' || offered === apiKey() || !(offered === token || supersedes(offered, token, now()))
    )
  }

  /** The client finds the user's token by itself after each join and at each heartbeat: it is to find the app's. */
  function keep(token: string): void {
    const target = socket
    const find = target?.accessToken
    if (!target || typeof find !== 'function') return
    release()
    let kept = token
    const findOrKeep = async (): Promise<string | null> => {
      const offered = await find()
      // The app may have set another one since.
      const set = current()
      if (set !== undefined && set !== apiKey()) kept = set
      return typeof offered === 'string' && offered !== apiKey() && supersedes(offered, kept, now()) ? offered : kept
    }
    target.accessToken = findOrKeep
    release = () => {
      if (target.accessToken === findOrKeep) target.accessToken = find
      release = () => undefined
    }
  }

  return {
    current,
    async authorize() {
      const token = current()
      if (token !== undefined && (await isOwn(token))) return keep(token)
      await socket?.setAuth?.()
      found = current()
    },
    release: () => release(),
  }
}
