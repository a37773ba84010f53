/** A column of the sequence diagram. */
export interface Lane {
  readonly id: string
  readonly name: string
}

/** Where events come from that no actor has sent: the feed, the app. */
export const OUTSIDE: Lane = { id: 'outside', name: 'feed, app' }

/** What a flush leads to, in the order in which it flows. */
export const FLUSH: Lane = { id: 'flush', name: 'flush' }
export const QUERY: Lane = { id: 'query', name: 'query' }
export const REQUEST: Lane = { id: 'request', name: 'request' }

const flow: readonly string[] = [FLUSH, QUERY, REQUEST].map(({ id }) => id)

const isFlowLane = (id: string): boolean => flow.includes(id)

/** The lanes in the order in which things flow: what is outside, the actors, then flush, query and request. */
export function orderLanes(lanes: readonly Lane[]): readonly Lane[] {
  const rank = ({ id, name }: Lane): number => {
    if (id === 'outside') return 0
    if (isFlowLane(id)) return 5
    if (name.startsWith('realtime')) return 1
    if (name === 'coalescer') return 3
    if (id.endsWith('/strategy')) return 4
    return 2
  }
  return [...lanes].sort((a, b) => rank(a) - rank(b))
}
