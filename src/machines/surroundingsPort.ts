/** What is done for the surroundings, outside of any statechart. None of these may throw. */
export interface SurroundingsPort {
  pageHidden(): void
  /** Whether anything was deferred, or may have been, since the page went out of sight. */
  readonly isDeferring: boolean
  pageVisible(): void
}

/** What goes on around the coalescer. */
export type SurroundingsEvent =
  /** The page went out of sight. */
  | { readonly type: 'PAGE_HIDDEN' }
  /** The page came back. */
  | { readonly type: 'PAGE_VISIBLE' }
  /** Fetches are kept back while mutations of the app are pending; or none is any more. */
  | { readonly type: 'HOLDING' }
  | { readonly type: 'FREE' }

/** What they say to the orchestrator. */
export interface SurroundingsReport {
  /** The page is back, and work was deferred. */
  readonly type: 'RETURNED'
}
