/** What a token says of whom it is for. */
interface Claims {
  readonly iss?: unknown
  readonly sub?: unknown
  readonly role?: unknown
  readonly exp?: unknown
}

/** The claims of a JSON web token; `undefined` for anything else. Its signature is not checked. */
function claimsOf(token: string): Claims | undefined {
  try {
    const payload = token.split('.')[1] ?? ''
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
    return typeof claims === 'object' && claims !== null ? claims : undefined
  } catch {
    return undefined
  }
}

/** Whether a token takes the place of another of the same user and role: the server keeps what is subscribed then. */
export function isRenewal(before: string | undefined, after: string | undefined): boolean {
  if (before === undefined || after === undefined || before === after) return false
  const [old, renewed] = [claimsOf(before), claimsOf(after)]
  return old !== undefined && renewed !== undefined && old.sub === renewed.sub && old.role === renewed.role
}

/**
 * Whether a token that the client has found for the user takes the place of another: of nobody in particular, an API
 * key never does; of somebody else, or one that ends before the other, only after the other's end.
 */
export function supersedes(found: string, other: string, nowMs: number): boolean {
  if (found.startsWith('sb_')) return false
  const [next, before] = [claimsOf(found), claimsOf(other)]
  if (!next || !before) return true
  if (next.sub === undefined && next.role === 'anon') return false
  if (typeof before.exp === 'number' && before.exp * 1_000 <= nowMs) return true
  const endsBefore = typeof next.exp === 'number' && typeof before.exp === 'number' && next.exp < before.exp
  return next.iss === before.iss && next.sub === before.sub && !endsBefore
}

/**
 * Tells users apart by their tokens: one is the same before and after a renewal. A token that does not say whose it is
 * stands for itself.
 */
export function userOf(token: string | undefined): string {
  if (token === undefined) return 'nobody'
  const claims = claimsOf(token)
  if (typeof claims?.sub !== 'string' || claims.sub === '') return `token ${token}`
  return `user ${JSON.stringify([claims.iss, claims.sub, claims.role])}`
}

/** Whether a token is of the same user as another, and ends later. */
export function isLaterRenewal(before: string | undefined, after: string): boolean {
  if (!isRenewal(before, after)) return false
  const [endsAt, nextEndsAt] = [claimsOf(before ?? '')?.exp, claimsOf(after)?.exp]
  return typeof nextEndsAt === 'number' && (typeof endsAt !== 'number' || nextEndsAt > endsAt)
}
