import type { ChannelProgress } from '../../../actions/feedStatus.ts'
import { StreamLog } from '../../../actions/tabs/streamLog.ts'
import { lost, newsBetween, uncovered } from '../../../actions/tabs/unitProgress.ts'
import type { WireListener } from '../wire.ts'
import { FrameLog, type FrameWants, type Taken } from './frames.ts'
import type { ChannelView, FromLeader } from './messages.ts'
import { Succession } from './succession.ts'

/** What a tab takes of what its leader tells, be that another tab or itself. */
export interface Reception {
  /** Whether the message is of a leader that is followed. */
  take(message: FromLeader): boolean
  /** The leader that is followed. */
  stream(): string | undefined
  /** The number of a leadership of this tab that begins now. */
  nextTerm(nowMs: number): number
  /** The leader gives no sign of life: any other will do. */
  doubt(): void
  /** Nobody leads, or a leader has ended: what is missed from now on has to be repaired. */
  lose(stream?: string): void
}

export interface ReceptionPort extends FrameWants {
  readonly listener: WireListener
  /** What the leader has told last of how far it is may not be known here. */
  behind(): void
}

export function createReception({ units, topics, listener, behind }: ReceptionPort): Reception {
  const log = new StreamLog()
  let frames = new FrameLog({ units, topics })
  let succession: Succession | undefined
  let progress: readonly ChannelProgress[] = units.map(() => uncovered)

  function show(next: readonly ChannelProgress[]): void {
    const before = progress
    progress = next
    for (const news of newsBetween(before, next, listener.status())) listener.progressed(news)
  }

  const loseLive = (): void => show(progress.map((unit) => (unit.status === 'live' ? lost : unit)))

  function showViews(channels: readonly ChannelView[]): void {
    show(units.map((unit) => channels.find((channel) => channel.units.includes(unit)) ?? uncovered))
  }

  function give(taken: Taken): void {
    switch (taken.kind) {
      case 'change':
        return listener.changed(taken.payload)
      case 'message':
        return listener.received(taken.topic, taken.message)
      case 'news':
        listener.progressed(taken.news)
    }
  }

  /** Hears a tab that is about to take the place of the leader, but is none yet. */
  function hearHeir(message: FromLeader): void {
    if (succession?.stream !== message.stream) {
      // A term is later than those before it: an heir of before may still have something on its way.
      if (succession && succession.term >= message.term) return
      succession = new Succession(message, new FrameLog({ units, topics }))
    }
    succession.hear(message)
    if (message.told.kind === 'report') listener.report(message.told.message, message.told.error)
  }

  /** The leader has handed its place over, or only gone. */
  function follow(heir: string | undefined): void {
    const next = succession?.stream === heir ? succession : undefined
    const end = next?.end()
    succession = undefined
    if (!next || !end) return loseLive()
    log.follow(next, end.seq)
    frames = new FrameLog({ units, topics })
    for (const taken of end.rest) give(taken)
    showViews(end.channels)
    behind()
  }

  show(progress)
  return {
    take(message) {
      const { seq, told, relieves, isRelieved } = message
      if (relieves !== undefined && message.stream !== log.stream) {
        // What a leader tells last may come later than the first word of who has taken its place.
        const isAwaited = relieves === log.stream && !(isRelieved && log.isDoubted)
        if (isAwaited) hearHeir(message)
        if (isAwaited || !isRelieved) return false
      }
      const step = log.take(message, seq, told.kind === 'view')
      if (step === 'stale') return false
      if (step === 'switched') {
        succession = undefined
        frames = new FrameLog({ units, topics })
        loseLive()
      }
      if (step === 'afterGap') listener.progressed({ type: 'GAP_PASSED' })
      const taken = frames.taken(told)
      if (taken) {
        succession?.note(taken)
        give(taken)
      }
      if (told.kind === 'view') showViews(told.channels)
      if (told.kind === 'report') listener.report(told.message, told.error)
      if (told.kind === 'bye') {
        log.retire(message.stream)
        follow(step === 'next' ? told.heir : undefined)
      }
      if (step === 'switched' || (step === 'afterGap' && told.kind !== 'view')) behind()
      return true
    },
    stream: () => log.stream,
    nextTerm: (nowMs) => log.nextTerm(nowMs),
    doubt: () => log.doubt(),
    lose(stream = log.stream) {
      if (log.stream !== undefined && log.stream !== stream) return
      if (stream !== undefined) log.retire(stream)
      succession = undefined
      loseLive()
    },
  }
}
