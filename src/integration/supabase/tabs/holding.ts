import type { TabsEvent } from '../../../machines/tabsSetup.ts'
import { type Leadership, createLeadership } from './leadership.ts'
import type { MembershipPort } from './membershipPort.ts'
import type { FromLeader, Told } from './messages.ts'
import type { Reception } from './reception.ts'
import type { Wants } from './wants.ts'

/** The connection of a group while this tab holds it, and what it tells the other tabs of it. */
export interface Holding {
  /** The name under which this tab leads; missing while it does not. */
  stream(): string | undefined
  readonly leadership: Leadership | undefined
  /** Opens the connection for what is wanted; `relieves`: beside that of a leader, to take its place. */
  begin(wanted: Iterable<Wants>, relieves?: string): void
  tell(told: Told): void
  tellView(isReady?: true): void
  /** The leader beside whom the connection was opened has told nothing of its end. */
  inherit(): void
  /** Hears another tab that leads, too. */
  hear(message: FromLeader): void
  /** Leaves the connection; `heir`: another tab delivers already all that this one does. */
  end(heir?: string): void
}

export interface HoldingPort extends Pick<
  MembershipPort,
  'service' | 'internals' | 'token' | 'environment' | 'isOwnGroup' | 'closeSocket'
> {
  /** The name of this tab. */
  readonly tab: string
  readonly reception: Reception
  post(message: FromLeader): void
  send(event: TabsEvent): void
}

interface Led {
  readonly stream: string
  readonly term: number
  readonly leadership: Leadership
  seq: number
  /** The leader beside whom this tab has opened its connection, to take its place. */
  relieves: string | undefined
  /** That leader has told its last. */
  isRelieved: boolean
}

export function createHolding(port: HoldingPort): Holding {
  const { service, internals, token, tab, reception, environment } = port
  let times = 0
  let led: Led | undefined

  function post(by: Led, told: Told): void {
    by.seq += 1
    const { stream, term, seq, relieves, isRelieved } = by
    const message: FromLeader = { from: 'leader', tab, stream, term, seq, relieves, isRelieved, told }
    port.post(message)
    reception.take(message)
  }

  function tell(told: Told): void {
    if (!led || !port.isOwnGroup()) return
    post(led, told)
    if (told.kind === 'view' && led) port.send({ type: led.leadership.isLive() ? 'LIVE' : 'INTERRUPTED' })
    if (told.kind === 'news' && told.news.type === 'GAP_PASSED') port.send({ type: 'INTERRUPTED' })
  }

  function tellView(isReady?: true): void {
    if (!led) return
    tell({ kind: 'view', channels: led.leadership.views(), isVisible: environment.isVisible(), isReady })
  }

  return {
    stream: () => led?.stream,
    get leadership() {
      return led?.leadership
    },
    begin(wanted, relieves) {
      times += 1
      const leadership = createLeadership({ service, internals, token, tell, progressed: () => tellView() })
      const term = reception.nextTerm(internals.now())
      led = { stream: `${tab}-${times}`, term, seq: 0, relieves, isRelieved: false, leadership }
      leadership.cover(wanted)
      tellView()
    },
    tell,
    tellView,
    inherit() {
      if (!led || led.isRelieved) return
      led.relieves = undefined
      tellView()
    },
    hear(message) {
      // Of two leaders for a moment, the one whose lock was taken will be told so.
      if (!led || (message.relieves !== led.stream && (led.relieves === undefined || led.isRelieved))) return
      reception.take(message)
      if (led.relieves === undefined || led.isRelieved) return
      const followed = reception.stream()
      if (followed === led.stream) {
        led.isRelieved = true
        tellView()
        port.send({ type: 'RELIEVED' })
      } else if (followed !== undefined && followed !== led.relieves) port.send({ type: 'SUPERSEDED' })
    },
    end(heir) {
      const ended = led
      if (!ended) return
      led = undefined
      post(ended, { kind: 'bye', heir })
      reception.lose(ended.stream)
      port.closeSocket(ended.leadership.topics())
      ended.leadership.end()
    },
  }
}
