import type { ChannelProgress } from '../../../actions/feedStatus.ts'
import type { Stream } from '../../../actions/tabs/streamLog.ts'
import type { ChannelNews } from '../channels.ts'
import type { Wants } from './wants.ts'

/** Tabs with another number do not understand each other, and have groups of their own. */
export const PROTOCOL = 1

/** How far one channel of the leader is, and what it brings. */
export interface ChannelView extends ChannelProgress {
  readonly units: readonly string[]
}

/** What a leader tells. */
export type Told =
  | {
      readonly kind: 'view'
      readonly channels: readonly ChannelView[]
      readonly isVisible: boolean
      /** An heir delivers from now on all that its channels bring. */
      readonly isReady?: true | undefined
    }
  | { readonly kind: 'change'; readonly unit: string; readonly payload: unknown; readonly isRepeated: boolean }
  | { readonly kind: 'message'; readonly topic: string; readonly message: unknown }
  | { readonly kind: 'news'; readonly news: ChannelNews; readonly units: readonly string[] }
  | { readonly kind: 'report'; readonly message: string; readonly error: unknown }
  /** A tab may open a connection beside the leader's, and take its place then. */
  | { readonly kind: 'heir'; readonly tab: string; readonly wants: readonly Wants[] }
  /** It is over, or goes on with the heir that delivers already. */
  | { readonly kind: 'bye'; readonly heir?: string | undefined }

export interface FromLeader extends Stream {
  readonly from: 'leader'
  readonly tab: string
  readonly seq: number
  /** The leader beside whom the connection was opened, to take its place. */
  readonly relieves?: string | undefined
  /** That leader has told its last. */
  readonly isRelieved?: boolean | undefined
  readonly told: Told
}

/** What any tab tells the others. */
export type FromMember =
  /** Here, or still here: how far is the feed? */
  | {
      readonly from: 'member'
      readonly kind: 'hello'
      readonly tab: string
      readonly isVisible: boolean
      /** Whether the end of the tab can be waited for. */
      readonly isShown: boolean
      readonly wants: Wants
    }
  /** A tab is gone, which it may have said itself. */
  | { readonly from: 'member'; readonly kind: 'leave'; readonly tab: string }
  /** Somebody looks at this tab, and nobody at that of the leader. */
  | { readonly from: 'member'; readonly kind: 'relieve'; readonly tab: string; readonly stream: string }
  | { readonly from: 'member'; readonly kind: 'distrust'; readonly message: string }
  /** Somebody looks at a tab again. */
  | { readonly from: 'member'; readonly kind: 'awake' }
  | { readonly from: 'member'; readonly kind: 'token'; readonly token: string }

export type TabMessage = FromLeader | FromMember
