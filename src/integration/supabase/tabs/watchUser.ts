import type { FeedClient } from '../client.ts'

interface Auth {
  onAuthStateChange(listener: () => void): { readonly data: { readonly subscription: { unsubscribe(): void } } }
}

/** Calls back when somebody has signed in or out on a client that tells so; returns a function that ends it. */
export function watchUser(supabase: FeedClient, changed: () => void): () => void {
  try {
    const { auth } = supabase as { readonly auth?: Auth }
    // The client gives the socket its token in a listener of its own.
    const { data } = auth?.onAuthStateChange(() => queueMicrotask(changed)) ?? {}
    return () => data?.subscription.unsubscribe()
  } catch {
    // A client with an `accessToken` function has no sign-in of its own, and throws when asked for it.
    return () => undefined
  }
}
