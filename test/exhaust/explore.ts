import type { QueryKey } from '@tanstack/react-query'
import type { CoalescerOptions, StrategyName } from 'realtime-coalescer'
import type { Step } from './smallWorld.ts'
import { type Trace, Walk, shortestBreak } from './walk.ts'

export interface Exploration {
  readonly keys: readonly QueryKey[]
  /** What the worlds start with, one for each. */
  readonly starts: readonly CoalescerOptions[]
  /** The strategies to switch to, from each. */
  readonly switches: (from: string) => readonly StrategyName[]
  readonly depth: number
  /** Of those of the last length, every how many-eth is gone on from, and which of these first. @default all of them */
  readonly part?: { readonly first: number; readonly every: number } | undefined
}

/** A state, and the shortest way to it from one of the starts. */
interface Place {
  readonly state: string
  readonly start: number
  readonly steps: readonly Step[]
  readonly untried: Step[]
  /** Where steps lead, as far as that is known or likely. */
  readonly leads: Map<Step, string>
}

/** The states there are, by what makes them the same; how often each step was tried; and the first break of a rule. */
export interface Explored {
  readonly states: ReadonlySet<string>
  readonly tried: ReadonlyMap<string, number>
  readonly worlds: number
  readonly broken: string | undefined
}

/** How many steps a world is led on to where something is left to be tried, rather than a new one from its start. */
const NEAR = 2
/** After how many steps a world is given up for a new one. */
const LONG = 300

/** What ends a trouble, or lets time pass. */
const calming = ['show', 'online', 'mutated', 'ends', 'tick']
/** How many of these are tried before a world comes to rest by itself. */
const CALMING = 4

const undoneBy: { readonly [Name in string]?: string } = {
  hide: 'show',
  show: 'hide',
  offline: 'online',
  online: 'offline',
  mount: 'unmount',
  unmount: 'mount',
}

const inverse = (step: Step): Step | undefined => {
  const [what = '', arg] = step.split(' ')
  const undo = undoneBy[what]
  if (undo === undefined) return undefined
  // The names above are those of steps.
  return (arg === undefined ? undo : `${undo} ${arg}`) as Step
}

/**
 * Tries every step in every state that is fewer steps away than a depth, on the real code, each once, whichever start
 * has led to it; and lets each state come to rest. A world in which a step led to nothing new goes on with the next.
 */
export async function explore(exploration: Exploration): Promise<Explored> {
  const explorer = new Explorer(exploration)
  const broken = await explorer.run()
  return { states: new Set(explorer.places.keys()), tried: explorer.tried, worlds: explorer.worlds, broken }
}

class Explorer {
  readonly places = new Map<string, Place>()
  readonly tried = new Map<string, number>()
  worlds = 0
  readonly #exploration: Exploration
  /** The state of each start. */
  readonly #starts: string[] = []
  /** Those of the present length where something is left to be tried. */
  #left = new Set<Place>()
  #walk: Walk | undefined

  constructor(exploration: Exploration) {
    this.#exploration = exploration
  }

  /** @returns the shortest way known to what breaks a rule, if one does */
  async run(): Promise<string | undefined> {
    let way: Trace = []
    try {
      const { depth, part = { first: 0, every: 1 } } = this.#exploration
      let found = await this.#begin()
      for (let length = 1; length <= depth; length += 1) {
        const isLast = length === depth
        this.#left = new Set(found.filter((_, index) => !isLast || index % part.every === part.first))
        found = []
        for (let place = await this.#reach(); place; place = await this.#reach()) {
          const step = place.untried.shift()
          if (place.untried.length === 0) this.#left.delete(place)
          if (!step) continue
          way = [...place.steps, step]
          const next = await this.#try(place, step)
          if (next) found.push(next)
        }
      }
      return undefined
    } catch (error) {
      if (!this.#walk) throw error
      return shortestBreak(this.#exploration, this.#walk, way, error)
    } finally {
      this.#walk?.world.end()
    }
  }

  async #begin(): Promise<Place[]> {
    const found: Place[] = []
    for (const start of this.#exploration.starts.keys()) {
      const walk = this.#startAt(start)
      this.#starts.push(walk.state)
      const place = this.#arrive(walk, start, [])
      if (place) found.push(place)
      await this.#rest(walk)
    }
    return found
  }

  #startAt(start: number): Walk {
    this.#walk?.world.end()
    this.worlds += 1
    this.#walk = new Walk(this.#exploration, start)
    return this.#walk
  }

  /** Tries a step; returns where it has led to if nothing has before. */
  async #try(place: Place, step: Step): Promise<Place | undefined> {
    const walk = this.#walk
    if (!walk) return undefined
    const [what = ''] = step.split(' ')
    this.tried.set(what, (this.tried.get(what) ?? 0) + 1)
    await walk.take(step)
    place.leads.set(step, walk.state)
    const found = this.#arrive(walk, place.start, [...place.steps, step])
    const undo = inverse(step)
    const { leads } = this.places.get(walk.state) ?? place
    if (undo && !leads.has(undo)) leads.set(undo, place.state)
    if (found) await this.#rest(walk)
    return found
  }

  /** Ends every trouble, until the world is in a state that has come to rest before, or does so. */
  async #rest(walk: Walk): Promise<void> {
    const { state } = walk
    for (let turn = 0; turn < CALMING; turn += 1) {
      const from = walk.state
      const possible = walk.world.possible(() => [])
      const step = calming.map((name) => possible.find((one) => one.startsWith(name))).find((one) => one !== undefined)
      if (!step) break
      await this.#take(walk, step)
      if (walk.state === state || walk.state === from) break
      if (this.places.has(walk.state)) return
    }
    await walk.rest()
  }

  /** Takes a step, and notes where it leads. */
  async #take(walk: Walk, step: Step): Promise<void> {
    const from = this.places.get(walk.state)
    await walk.take(step)
    from?.leads.set(step, walk.state)
  }

  #arrive({ state, world }: Walk, start: number, steps: readonly Step[]): Place | undefined {
    if (this.places.has(state)) return undefined
    const place = { state, start, steps, untried: world.possible(this.#exploration.switches), leads: new Map() }
    this.places.set(state, place)
    return place
  }

  /** Leads a world to where something is left to be tried, if there is such a place. */
  async #reach(): Promise<Place | undefined> {
    if (this.#left.size === 0) return undefined
    return (await this.#goOn()) ?? this.#replay()
  }

  /** Goes on in the world there is. */
  async #goOn(): Promise<Place | undefined> {
    const walk = this.#walk
    if (!walk || walk.trace.length > LONG) return undefined
    for (let turns = 0; turns < NEAR; turns += 1) {
      const path = this.#pathFrom(walk.state)
      if (!path) return undefined
      for (const [step, to] of path) {
        await this.#take(walk, step)
        if (walk.state !== to) break
      }
      const place = this.places.get(walk.state)
      if (place && this.#left.has(place)) return place
    }
    return undefined
  }

  /** Takes the way from a start: in the world there is, if it has come back to that. */
  async #replay(): Promise<Place | undefined> {
    const state = this.#walk && this.#walk.trace.length <= LONG ? this.#walk.state : undefined
    const [any] = this.#left
    const place = [...take(this.#left, 50)].find(({ start }) => this.#starts[start] === state) ?? any
    if (!place) return undefined
    const walk = this.#walk && this.#starts[place.start] === state ? this.#walk : this.#startAt(place.start)
    for (const step of place.steps) await walk.take(step)
    return place
  }

  /** The nearest way to where something is left to be tried. */
  #pathFrom(state: string): readonly (readonly [step: Step, to: string])[] | undefined {
    const seen = new Set([state])
    let ring: Lead[] = [{ to: state }]
    for (let length = 0; length <= NEAR; length += 1) {
      const further: Lead[] = []
      for (const lead of ring) {
        const place = this.places.get(lead.to)
        if (!place) continue
        if (this.#left.has(place)) return pathOf(lead)
        for (const [step, to] of place.leads) {
          if (seen.has(to)) continue
          seen.add(to)
          further.push({ to, step, from: lead })
        }
      }
      ring = further
    }
    return undefined
  }
}

/** A step of a path, and what comes before it. */
interface Lead {
  readonly to: string
  readonly step?: Step
  readonly from?: Lead
}

function pathOf({ to, step, from }: Lead): readonly (readonly [step: Step, to: string])[] {
  return step && from ? [...pathOf(from), [step, to]] : []
}

function* take<Item>(items: Iterable<Item>, count: number): Generator<Item> {
  let left = count
  for (const item of items) {
    if (left === 0) return
    left -= 1
    yield item
  }
}
