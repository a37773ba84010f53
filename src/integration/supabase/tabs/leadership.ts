import { feedStatus } from '../../../actions/feedStatus.ts'
import type { CoalescerInternals } from '../../query/internals.ts'
import { createChannels } from '../channels.ts'
import type { ConnectionEvent } from '../../../machines/connectionSetup.ts'
import type { ResolvedService } from '../resolveService.ts'
import type { UserToken } from '../userToken.ts'
import type { ChannelView, Told } from './messages.ts'
import { type Wants, plansFor, tableUnit, unitsOfPlan, unitsOfWants } from './wants.ts'

/** How long a channel is kept that no tab wants any more: a page that is loaded anew wants it again at once. */
const GIVE_UP_MS = 10_000

/** Holds the connection for all tabs of a group. */
export interface Leadership {
  /** Opens channels for what no channel brings yet. */
  cover(wants: Iterable<Wants>): void
  /** Leaves, after a while, the channels that bring nothing of what is wanted then. */
  giveUpBut(wanted: () => Iterable<Wants>): void
  views(): ChannelView[]
  isLive(): boolean
  /** The topics of the channels, as the client names them. */
  topics(): Set<string>
  send(event: ConnectionEvent): void
  end(): void
}

export interface LeadershipPort {
  readonly service: ResolvedService
  readonly internals: CoalescerInternals
  readonly token: UserToken
  tell(told: Told): void
  /** A channel has come further, or been lost. */
  progressed(): void
}

export function createLeadership({ service, internals, token, tell, progressed }: LeadershipPort): Leadership {
  /** How often channels have been opened: each time they need names of their own. */
  let openings = 0
  const clock = internals.actorOptions.clock ?? globalThis
  let givingUp: unknown
  const channels = createChannels(service, internals, token, {
    changed: (payload, table, isRepeated) => tell({ kind: 'change', unit: tableUnit(table), payload, isRepeated }),
    received: (topic, message) => tell({ kind: 'message', topic, message }),
    progressed,
    happened: (news, { plan }) => tell({ kind: 'news', news, units: unitsOfPlan(plan) }),
    report: (message, error) => tell({ kind: 'report', message, error }),
  })

  const views = (): ChannelView[] =>
    channels.all().map(({ plan, status, isSetAside }) => ({ units: unitsOfPlan(plan), status, isSetAside }))

  return {
    cover(wants) {
      const covered = new Set(channels.all().flatMap(({ plan }) => unitsOfPlan(plan)))
      const name = openings === 0 ? service.channel : `${service.channel}:${openings}`
      const plans = plansFor(service, name, wants, covered)
      if (plans.length === 0) return
      openings += 1
      channels.open(plans)
    },
    giveUpBut(wanted) {
      clock.clearTimeout(givingUp as never)
      givingUp = clock.setTimeout(() => {
        const units = new Set([...wanted()].flatMap(unitsOfWants))
        channels.close(channels.all().filter(({ plan }) => !unitsOfPlan(plan).some((unit) => units.has(unit))))
      }, GIVE_UP_MS)
    },
    views,
    isLive: () => feedStatus(channels.all()) === 'live',
    topics: () => new Set(channels.all().map(({ plan }) => `realtime:${plan.name}`)),
    send: (event) => channels.send(event),
    end() {
      clock.clearTimeout(givingUp as never)
      channels.end()
    },
  }
}
