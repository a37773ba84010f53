import type { StateValue } from 'xstate'
import { activeStates, innermost } from './machineChart.ts'

/** A state that was left sooner than an eye can see stays marked this long. */
export const AFTERGLOW_MS = 700
const FRAME_MS = 100

/** What a chart needs of an actor. */
export interface ChartActor {
  getSnapshot(): { readonly value?: unknown }
  subscribe(observer: { next: (snapshot: { readonly value?: unknown }) => void; error: () => void }): {
    unsubscribe(): void
  }
}

/**
 * Lights the states of a drawing as an actor moves: `data-lit="active"` for where it is, `data-lit="visited"` for where
 * it was a moment ago. Returns a function that ends it; `told` gets the names of the innermost active states, `rested`
 * their ids once no other one is marked any more.
 */
export function lightStates(
  drawing: ParentNode,
  machineId: string,
  actor: ChartActor,
  told: (states: readonly string[]) => void,
  rested: (ids: readonly string[]) => void = () => undefined,
): () => void {
  const visitedAtMs = new Map<string, number>()
  /** By the name of a state: a busy actor enters the same few again and again. */
  const known = new Map<string, readonly string[]>()
  let noted: unknown
  let active: readonly string[] = []
  let shown = ''
  let restedIn = ''
  let timer: ReturnType<typeof setTimeout> | undefined

  const note = ({ value }: { readonly value?: unknown }): void => {
    if (value === noted) return
    noted = value
    const nowMs = Date.now()
    for (const id of active) visitedAtMs.set(id, nowMs)
    active = idsOf(value)
    for (const id of active) visitedAtMs.set(id, nowMs)
    timer ??= setTimeout(show, FRAME_MS)
  }
  const idsOf = (value: unknown): readonly string[] => {
    if (value === undefined) return []
    if (typeof value !== 'string') return activeStates(machineId, value as StateValue)
    let ids = known.get(value)
    if (!ids) known.set(value, (ids = activeStates(machineId, value)))
    return ids
  }
  const show = (): void => {
    clearTimeout(timer)
    timer = undefined
    const nowMs = Date.now()
    for (const [id, atMs] of visitedAtMs) {
      if (nowMs - atMs >= AFTERGLOW_MS && !active.includes(id)) visitedAtMs.delete(id)
    }
    // React draws anew what it has hidden for a while.
    for (const element of drawing.querySelectorAll('[data-id]')) {
      const id = element.getAttribute('data-id') ?? ''
      const lit = active.includes(id) ? 'active' : visitedAtMs.has(id) ? 'visited' : undefined
      if (lit === undefined) element.removeAttribute('data-lit')
      else if (element.getAttribute('data-lit') !== lit) element.setAttribute('data-lit', lit)
    }
    const text = active.join()
    if (text !== shown) told(innermost(active).map((id) => id.slice(machineId.length + 1).replaceAll('_', '.')))
    shown = text
    if (visitedAtMs.size > active.length) timer = setTimeout(show, AFTERGLOW_MS / 4)
    else if (text !== restedIn) {
      restedIn = text
      rested(innermost(active))
    }
  }

  note(actor.getSnapshot())
  show()
  const subscription = actor.subscribe({ next: note, error: () => undefined })
  return () => {
    subscription.unsubscribe()
    clearTimeout(timer)
  }
}
