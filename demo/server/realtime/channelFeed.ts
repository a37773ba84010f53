import { bindingId, parseBindings } from './bindings.ts'
import type { FaultState } from './faults.ts'
import type { ChangeFeed } from './feed.ts'
import type { Address } from './frames.ts'
import type { JoinConfig } from './joinConfig.ts'
import type { Claims } from './jwt.ts'
import type { Subscriber } from './subscriptions.ts'

/** What the feed of a channel needs of it. */
export interface FeedHost {
  readonly topic: string
  readonly claims: Claims
  readonly isEnded: boolean
  /** Called whenever `system` ok is due. */
  onLive(): void
  sendSystem(extension: string, status: 'ok' | 'error', message: string): void
  sendJson(address: Address, payloadJson: string): void
  after(delayMs: number, work: () => void): void
}

/** The `postgres_changes` of a channel: its bindings, and when they are attached to the feed. */
export class ChannelFeed implements Subscriber {
  readonly bindingIds: readonly number[]
  readonly requestedBindings: readonly Record<string, unknown>[]
  readonly #isOldApi: boolean
  readonly #host: FeedHost
  readonly #feed: ChangeFeed
  readonly #faults: FaultState

  constructor(host: FeedHost, config: JoinConfig, { feed, faults }: { feed: ChangeFeed; faults: FaultState }) {
    this.#host = host
    this.#feed = feed
    this.#faults = faults
    this.#isOldApi = config.isOldApi
    this.requestedBindings = config.requestedBindings
    this.bindingIds = config.requestedBindings.map(bindingId)
  }

  /** The bindings as the join reply repeats them. */
  get echo(): Record<string, unknown>[] {
    return this.requestedBindings.map((binding) => ({ id: bindingId(binding), ...binding }))
  }

  /** Attaches all bindings for the channel's claims of now after `delayMs`; what they had goes on until then. */
  attachAfter(delayMs: number): void {
    if (this.bindingIds.length > 0) this.#host.after(delayMs, () => void this.#attach())
  }

  detach(): void {
    this.#feed.unsubscribe(this)
  }

  sendChange(ids: readonly number[], dataJson: string, type: string): void {
    const { topic } = this.#host
    if (this.#isOldApi) this.#host.sendJson({ topic, event: type }, dataJson)
    else this.#host.sendJson({ topic, event: 'postgres_changes' }, `{"ids":${JSON.stringify(ids)},"data":${dataJson}}`)
  }

  /** The real server says it once for each binding. */
  onPublicationChange(problem: string | null): void {
    for (const _ of this.bindingIds) {
      if (problem === null) this.#host.onLive()
      else this.#host.sendSystem('postgres_changes', 'error', problem)
    }
  }

  onTablesBack(): void {
    this.#host.onLive()
  }

  async #attach(): Promise<void> {
    const { settings } = this.#faults
    if (settings.withholdSystemOk) return
    const { claims } = this.#host
    const isCurrent = () => !this.#host.isEnded && claims === this.#host.claims
    try {
      const bindings = parseBindings(this.requestedBindings)
      const start = await this.#feed.prepare(this, bindings, claims.role, JSON.stringify(claims))
      if (!isCurrent()) return
      if (settings.slotDelayMs <= 0) start()
      else this.#host.after(settings.slotDelayMs, () => isCurrent() && start())
      this.#host.onLive()
    } catch (error) {
      if (!this.#host.isEnded) {
        this.#host.sendSystem('postgres_changes', 'error', error instanceof Error ? error.message : String(error))
      }
    }
  }
}
