import type { ChannelProgress } from '../../../actions/feedStatus.ts'
import { StreamLog } from '../../../actions/tabs/streamLog.ts'
import { lost, newsBetween, uncovered } from '../../../actions/tabs/unitProgress.ts'
import type { ResolvedTopic } from '../resolveBroadcast.ts'
import type { WireListener } from '../wire.ts'
import type { ChannelView, FromLeader } from './messages.ts'

/** What a tab takes of what its leader tells, be that another tab or itself. */
export interface Reception {
  /** Whether the message is of a leader that is followed. */
  take(message: FromLeader): boolean
  /** The number of a leadership of this tab that begins now. */
  nextTerm(nowMs: number): number
  /** The leader gives no sign of life: any other will do. */
  doubt(): void
  /** Nobody leads: what is missed from now on has to be repaired. */
  lose(): void
}

export interface ReceptionPort {
  /** The names of what the tab wants. */
  readonly units: readonly string[]
  readonly topics: ReadonlyMap<string, Pick<ResolvedTopic, 'events'>>
  readonly listener: WireListener
}

export function createReception({ units, topics, listener }: ReceptionPort): Reception {
  const log = new StreamLog()
  let progress: readonly ChannelProgress[] = units.map(() => uncovered)
  /** Whether the row event that is being told, once for each binding, has been taken. */
  let isFrameTaken = false

  function show(next: readonly ChannelProgress[]): void {
    const before = progress
    progress = next
    for (const news of newsBetween(before, next, listener.status())) listener.progressed(news)
  }

  const loseLive = (): void => show(progress.map((unit) => (unit.status === 'live' ? lost : unit)))

  function showViews(channels: readonly ChannelView[]): void {
    show(units.map((unit) => channels.find((channel) => channel.units.includes(unit)) ?? uncovered))
  }

  function isWanted(topic: string, message: unknown): boolean {
    const events = topics.get(topic)?.events
    if (!events) return false
    const { event } = (message ?? {}) as { readonly event?: unknown }
    return events.has('*') || (typeof event === 'string' && events.has(event))
  }

  show(progress)
  return {
    take(message) {
      const { seq, told } = message
      const step = log.take(message, seq, told.kind === 'view')
      if (step === 'stale') return false
      if (step === 'switched') loseLive()
      if (step === 'afterGap') listener.progressed({ type: 'GAP_PASSED' })
      switch (told.kind) {
        case 'view':
          showViews(told.channels)
          break
        case 'change':
          if (!told.isRepeated) isFrameTaken = false
          if (isFrameTaken || !units.includes(told.unit)) break
          isFrameTaken = true
          listener.changed(told.payload)
          break
        case 'message':
          if (isWanted(told.topic, told.message)) listener.received(told.topic, told.message)
          break
        case 'news':
          if (told.units.some((unit) => units.includes(unit))) listener.progressed(told.news)
          break
        case 'report':
          listener.report(told.message, told.error)
          break
        case 'bye':
          log.retire(message.stream)
          loseLive()
          break
      }
      return true
    },
    nextTerm: (nowMs) => log.nextTerm(nowMs),
    doubt: () => log.doubt(),
    lose() {
      if (log.stream !== undefined) log.retire(log.stream)
      loseLive()
    },
  }
}
