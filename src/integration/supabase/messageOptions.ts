import type { BroadcastMessage, ChangeEffects, QueryKey } from '../../actions/types.ts'

/** The short form: a message invalidates these keys. */
export interface KeysOfMessage {
  /**
   * The keys to invalidate. Called without a message when one may have been missed, and then returns every key a
   * message of the event could touch.
   */
  keys(message?: BroadcastMessage): readonly QueryKey[]
  readonly handle?: never
  readonly catchUp?: never
}

/** The long form: a handler decides what a message does. */
export interface HandlerOfMessage {
  /** Turns a message into effects. Pure, because `batch` runs it later; a throw is reported and answered by `catchUp`. */
  handle(message: BroadcastMessage): ChangeEffects
  /** What messages of the event can touch: invalidated when one may have been missed or cannot be handled. */
  readonly catchUp: readonly QueryKey[]
  readonly keys?: never
}

/** How messages of an event are answered. Say in the parameter what their payload is: nothing checks it. */
export type MessageOptions = KeysOfMessage | HandlerOfMessage
