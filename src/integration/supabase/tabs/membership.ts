import { createActor } from 'xstate'
import type { Stream } from '../../../actions/tabs/streamLog.ts'
import { isLaterRenewal } from '../../../actions/token.ts'
import { tabsMachine } from '../../../machines/tabs.ts'
import { addCompanion } from '../../companions.ts'
import type { CoalescerInternals } from '../../query/internals.ts'
import type { ResolvedService } from '../resolveService.ts'
import type { UserToken } from '../userToken.ts'
import type { WireListener } from '../wire.ts'
import type { ResolvedEnvironment } from './environment.ts'
import { type GroupChannel, createGroupChannel } from './groupChannel.ts'
import { type Leadership, createLeadership } from './leadership.ts'
import type { FromLeader, FromMember, Told } from './messages.ts'
import { createPresence } from './presence.ts'
import { createReception } from './reception.ts'
import { Roster } from './roster.ts'
import { type Seat, createSeat } from './seat.ts'
import { type Wants, unitsOfWants, wantsOf } from './wants.ts'

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
  distrust(message: string): void
  /** The tab goes to sleep: what it holds is left to others. */
  sleep(): void
  wake(): void
  /** Tells the group of a new token of the user. */
  tokenRenewed(token: string): void
  end(): void
}

/** How long ago a tab that waits for a sign of the leader has asked for it at most. */
const RECENT_MS = 4_000

let tabs = 0

/** A name that no other tab has. */
function nameTab(): string {
  tabs += 1
  return `${Math.random().toString(36).slice(2)}-${Date.now().toString(36)}-${tabs}`
}

export function joinGroup(port: MembershipPort): Membership {
  const { service, internals, token, environment, listener } = port
  const tab = nameTab()
  const wants = wantsOf(service)
  const roster = new Roster()
  const reception = createReception({ units: unitsOfWants(wants), topics: service.topics, listener })
  let lastHeardAtMs = -Infinity
  let hasYielded = false
  let leaderships = 0
  let led: (Stream & { seq: number; readonly leadership: Leadership }) | undefined
  let whyAlone: unknown
  let channel: GroupChannel | undefined
  let leader: string | undefined
  const presence = createPresence(environment.locks, port.group, tab, (gone) => {
    say({ from: 'member', kind: 'leave', tab: gone })
    forget(gone)
  })
  const seat = takePlace()

  function takePlace(): Seat | undefined {
    const { locks, openChannel } = environment
    try {
      if (!locks || !openChannel) return undefined
      channel = createGroupChannel(openChannel(port.group), hear, (message, error) => listener.report(message, error))
    } catch (error) {
      whyAlone = error
      return undefined
    }
    return createSeat(locks, port.group, {
      granted: () => actor.send({ type: 'GRANTED' }),
      stolen: () => actor.send({ type: 'SEAT_LOST' }),
      unavailable(error) {
        whyAlone = error
        channel?.close()
        channel = undefined
        actor.send({ type: 'UNAVAILABLE' })
      },
    })
  }

  function say(message: FromMember): void {
    if (port.isOwnGroup()) channel?.post(message)
  }

  const ask = (): void =>
    say({
      from: 'member',
      kind: 'hello',
      tab,
      isVisible: environment.isVisible(),
      isShown: presence.isShown(),
      wants,
    })

  const allWants = (): Wants[] => [wants, ...roster.wants()]

  function forget(gone: string): void {
    roster.forget(gone)
    led?.leadership.giveUpBut(allWants)
  }

  function tell(told: Told): void {
    if (!led || !port.isOwnGroup()) return
    post(led, told)
    if (told.kind === 'view' && led?.leadership.isLive()) actor.send({ type: 'LIVE' })
  }

  function post(by: Stream & { seq: number }, told: Told): void {
    by.seq += 1
    const message: FromLeader = { from: 'leader', tab, stream: by.stream, term: by.term, seq: by.seq, told }
    channel?.post(message)
    reception.take(message)
  }

  const tellView = (): void => {
    if (led) tell({ kind: 'view', channels: led.leadership.views() })
  }

  function lead(): void {
    leaderships += 1
    const leadership = createLeadership({ service, internals, token, tell })
    led = { stream: `${tab}-${leaderships}`, term: reception.nextTerm(internals.now()), seq: 0, leadership }
    // It is gone, or says so when it is back.
    if (leader !== undefined) roster.forget(leader)
    leadership.cover(allWants())
    for (const other of roster.shown()) presence.watch(other)
    tellView()
  }

  function stepDown(): void {
    const ended = led
    if (!ended) return
    led = undefined
    presence.unwatchAll()
    post(ended, { kind: 'bye' })
    reception.lose()
    port.closeSocket(ended.leadership.topics())
    ended.leadership.end()
  }

  function hear(message: FromLeader | FromMember): void {
    if (!port.isOwnGroup()) return
    if (message.from === 'member') return hearMember(message)
    // Of two leaders for a moment, the one whose lock was taken will be told so.
    if (led || !reception.take(message)) return
    leader = message.tab
    lastHeardAtMs = internals.now()
    hasYielded = false
    actor.send({ type: 'HEARD' })
  }

  function hearMember(message: FromMember): void {
    switch (message.kind) {
      case 'hello':
        roster.note(message.tab, { ...message, seenAtMs: internals.now() })
        if (led && message.isShown) presence.watch(message.tab)
        led?.leadership.cover([message.wants])
        return tellView()
      case 'leave':
        return forget(message.tab)
      case 'distrust':
        return led?.leadership.send({ type: 'DISTRUST', message: message.message })
      case 'awake':
        return led?.leadership.send({ type: 'PAGE_AWAKE' })
      case 'token':
        if (isLaterRenewal(token.current(), message.token)) port.renewToken(message.token)
    }
  }

  const actor = createActor(tabsMachine, {
    // What inspectors call it.
    id: service.channel,
    input: {
      port: {
        queue() {
          if (!seat) return actor.send({ type: 'UNAVAILABLE' })
          seat.queue()
          ask()
          if (!presence.isShown()) presence.show(ask)
        },
        yield() {
          hasYielded = true
          seat?.queue()
        },
        steal: () => seat?.steal(),
        leave() {
          seat?.leave()
          presence.hide()
          say({ from: 'member', kind: 'leave', tab })
        },
        ask,
        doubt: () => reception.doubt(),
        isVisible: environment.isVisible,
        heardAgoMs: () => internals.now() - lastHeardAtMs,
        shouldYield: () => !hasYielded && !environment.isVisible() && roster.hasVisible(),
        rank: () => roster.countBefore(tab, internals.now() - RECENT_MS),
        reportAlone: () => port.reportAlone(whyAlone),
      },
    },
    ...internals.actorOptions,
  })
  actor.subscribe({
    next(snapshot) {
      if (snapshot.matches('following')) stepDown()
      else if (!led) lead()
    },
    error: (error) => internals.report(error, { type: 'actorDied' }),
  })
  actor.start()
  const leaveCompanions = addCompanion(service, actor)

  return {
    pageAwake() {
      if (led) led.leadership.send({ type: 'PAGE_AWAKE' })
      else say({ from: 'member', kind: 'awake' })
      actor.send({ type: 'CHECK' })
    },
    visibilityChanged() {
      ask()
      if (environment.isVisible()) actor.send({ type: 'CHECK' })
    },
    distrust(message) {
      if (led) led.leadership.send({ type: 'DISTRUST', message })
      else say({ from: 'member', kind: 'distrust', message })
    },
    sleep: () => actor.send({ type: 'SLEEP' }),
    wake: () => actor.send({ type: 'WAKE' }),
    tokenRenewed: (renewed) => say({ from: 'member', kind: 'token', token: renewed }),
    end() {
      channel?.post({ from: 'member', kind: 'leave', tab })
      stepDown()
      actor.stop()
      leaveCompanions()
      seat?.leave()
      presence.hide()
      reception.lose()
      channel?.close()
      channel = undefined
    },
  }
}
