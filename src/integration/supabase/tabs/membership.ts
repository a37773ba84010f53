import { createActor } from 'xstate'
import { isLaterRenewal } from '../../../actions/token.ts'
import { tabsMachine } from '../../../machines/tabs.ts'
import { addCompanion } from '../../companions.ts'
import { type GroupChannel, createGroupChannel } from './groupChannel.ts'
import { createHolding } from './holding.ts'
import type { FromLeader, FromMember } from './messages.ts'
import { createPresence } from './presence.ts'
import type { Membership, MembershipPort } from './membershipPort.ts'
import { createReception } from './reception.ts'
import { Relief } from './relief.ts'
import { Roster } from './roster.ts'
import { type Seat, createSeat } from './seat.ts'
import { type Wants, unitsOfWants, wantsOf } from './wants.ts'

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
  const reception = createReception({ units: unitsOfWants(wants), topics: service.topics, listener, behind })
  let lastHeardAtMs = -Infinity
  let hasYielded = false
  let wasSeenAsleep = false
  /** The leader that this tab may take the place of, and what the tabs want of the heir. */
  let bequest: { readonly stream: string; readonly wants: readonly Wants[] } | undefined
  const relief = new Relief()
  const holding = createHolding({
    ...port,
    tab,
    reception,
    post: (message) => channel?.post(message),
    send: (event) => actor.send(event),
  })
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
      stolen() {
        // An heir takes the seat when it delivers all that this tab does.
        const heir = relief.takeHeir(internals.now())
        stepDown(port.isOwnGroup() ? heir : undefined)
        actor.send({ type: 'SEAT_LOST' })
      },
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
    holding.leadership?.giveUpBut(allWants)
  }

  function lead(): void {
    // Whoever has led until now is gone, or says so when it is back.
    if (!bequest && leader !== undefined) roster.forget(leader)
    holding.begin([...allWants(), ...(bequest?.wants ?? [])], bequest?.stream)
    for (const other of roster.shown()) presence.watch(other)
  }

  function stepDown(heir?: string): void {
    presence.unwatchAll()
    holding.end(heir)
  }

  function behind(): void {
    // It may not know of this tab either: a leader knows of nobody that came before it.
    if (reception.stream() !== holding.stream()) ask()
  }

  function hear(message: FromLeader | FromMember): void {
    if (!port.isOwnGroup()) return
    if (message.from === 'member') return hearMember(message)
    if (holding.leadership) {
      if (message.relieves === holding.stream()) relief.noteHeir(message, internals.now())
      return holding.hear(message)
    }
    if (!reception.take(message)) return
    const nowMs = internals.now()
    leader = message.tab
    lastHeardAtMs = nowMs
    hasYielded = false
    actor.send({ type: 'HEARD' })
    const { told, stream } = message
    if (told.kind === 'heir' && told.tab === tab && environment.isVisible()) {
      bequest = { stream, wants: told.wants }
      actor.send({ type: 'RELIEVE' })
      bequest = undefined
    } else if (relief.isDue(message, nowMs) && environment.isVisible()) {
      say({ from: 'member', kind: 'relieve', tab, stream })
    }
  }

  function hearMember(message: FromMember): void {
    switch (message.kind) {
      case 'hello':
        roster.note(message.tab, { ...message, seenAtMs: internals.now() })
        if (holding.leadership && message.isShown) presence.watch(message.tab)
        holding.leadership?.cover([message.wants])
        return holding.tellView()
      case 'leave':
        return forget(message.tab)
      case 'relieve':
        if (holding.stream() !== message.stream || environment.isVisible() || !actor.getSnapshot().matches('leading'))
          return
        if (relief.nameHeir(internals.now())) holding.tell({ kind: 'heir', tab: message.tab, wants: allWants() })
        return
      case 'distrust':
        return holding.leadership?.send({ type: 'DISTRUST', message: message.message })
      case 'awake':
        return holding.leadership?.send({ type: 'PAGE_AWAKE' })
      case 'token':
        if (isLaterRenewal(token.current(), message.token)) port.renewToken(message.token)
    }
  }

  function wake(): void {
    actor.send({ type: 'WAKE' })
    // The client connects by itself when its page comes back.
    if (!holding.leadership) port.closeSocket(new Set())
  }

  /** Whether somebody looks at a tab that was told to sleep: it runs, though nobody may have said so. */
  const isSeenAsleep = (): boolean => environment.isVisible() && actor.getSnapshot().matches({ following: 'asleep' })

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
        proclaim: () => holding.tellView(true),
        inherit: () => holding.inherit(),
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
      else if (!holding.leadership) lead()
    },
    error: (error) => internals.report(error, { type: 'actorDied' }),
  })
  actor.start()
  const leaveCompanions = addCompanion(service, actor)

  return {
    pageAwake() {
      if (isSeenAsleep()) wake()
      if (holding.leadership) holding.leadership.send({ type: 'PAGE_AWAKE' })
      else say({ from: 'member', kind: 'awake' })
      actor.send({ type: 'CHECK' })
    },
    visibilityChanged() {
      ask()
      holding.tellView()
      if (environment.isVisible()) actor.send({ type: 'CHECK' })
    },
    distrust(message) {
      if (holding.leadership) holding.leadership.send({ type: 'DISTRUST', message })
      else say({ from: 'member', kind: 'distrust', message })
    },
    sleep: () => actor.send({ type: 'SLEEP' }),
    wake,
    looked() {
      // By the second look a browser has told of it, if it does.
      if (wasSeenAsleep && isSeenAsleep()) wake()
      wasSeenAsleep = isSeenAsleep()
    },
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
