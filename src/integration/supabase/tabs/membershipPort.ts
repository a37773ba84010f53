import type { CoalescerInternals } from '../../query/internals.ts'
import type { ResolvedService } from '../resolveService.ts'
import type { UserToken } from '../userToken.ts'
import type { WireListener } from '../wire.ts'
import type { ResolvedEnvironment } from './environment.ts'

export interface MembershipPort {
  readonly service: ResolvedService
  readonly internals: CoalescerInternals
  readonly token: UserToken
  readonly environment: ResolvedEnvironment
  /** The name of the group. */
  readonly group: string
  readonly listener: WireListener
  /** Whether the group is still that of this tab's user. */
  isOwnGroup(): boolean
  /** Gives the client a token that another tab has for the same user. */
  renewToken(token: string): void
  /** The client's socket is of no use any more, unless it has other channels than these. */
  closeSocket(topics: ReadonlySet<string>): void
  reportAlone(error: unknown): void
}

/** The part of one tab in a group of tabs of one user. */
export interface Membership {
  /** Somebody looks at the tab again. */
  pageAwake(): void
  visibilityChanged(): void
  /** The tab runs, as it does about once a second: seen asleep twice, it is awake, though nobody has said so. */
  looked(): void
  distrust(message: string): void
  /** The tab goes to sleep: what it holds is left to others. */
  sleep(): void
  wake(): void
  /** Tells the group of a new token of the user. */
  tokenRenewed(token: string): void
  end(): void
}
