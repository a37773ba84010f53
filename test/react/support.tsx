import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import type { RealtimeStatus } from 'realtime-coalescer/react'
import { type ReactNode, StrictMode } from 'react'

export const createWrapper =
  (queryClient: QueryClient) =>
  ({ children }: { children: ReactNode }) => (
    <StrictMode>
      <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
    </StrictMode>
  )

/** A realtime service that notes what is asked of it. */
export class FakeRealtimeService {
  calls: string[] = []
  /** What it was joined with last. */
  queryClient: QueryClient | undefined
  #status: RealtimeStatus = 'idle'
  readonly #listeners = new Set<() => void>()

  initialize(queryClient: QueryClient): void {
    this.queryClient = queryClient
    this.calls.push('initialize')
    this.become('connecting')
  }

  stop(): void {
    this.calls.push('stop')
    this.become('closed')
  }

  getStatus(): RealtimeStatus {
    return this.#status
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get listeners(): number {
    return this.#listeners.size
  }

  become(status: RealtimeStatus): void {
    this.#status = status
    for (const listener of this.#listeners) listener()
  }
}
