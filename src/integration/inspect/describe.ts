import type { AnyActorRef, InspectionEvent } from 'xstate'
import { toJsonSafe } from './jsonSafe.ts'

export interface Sanitizers {
  readonly sanitizeEvent: ((event: unknown) => unknown) | undefined
  readonly sanitizeContext: ((context: unknown) => unknown) | undefined
}

/** The events that an inspector page understands. */
export type KnownEvent = Extract<InspectionEvent, { type: '@xstate.actor' | '@xstate.event' | '@xstate.snapshot' }>

/** The parts of a snapshot that a chart is drawn from. */
interface SnapshotParts {
  readonly status?: unknown
  readonly value?: unknown
  readonly context?: unknown
  readonly tags?: Iterable<string>
  readonly children?: Readonly<Record<string, AnyActorRef | undefined>>
}

export const valueOf = (snapshot: unknown): unknown => (snapshot as SnapshotParts | undefined)?.value
export const statusOf = (snapshot: unknown): unknown => (snapshot as SnapshotParts | undefined)?.status

/**
 * Copies an inspection event as it is now: later changes in place do not show in it, and it holds nothing that JSON
 * could not carry, apart from the machine's own definition. `stamp` is given the part by which the message about this
 * event is recognised: its event, or the snapshot of an actor.
 */
export function describe(event: KnownEvent, sanitizers: Sanitizers, stamp: (part: object) => void): InspectionEvent {
  const { type, rootId } = event
  const described =
    type === '@xstate.actor'
      ? { type, rootId, actorRef: describeActor(event.actorRef, sanitizers, stamp) }
      : {
          type,
          rootId,
          actorRef: { sessionId: event.actorRef.sessionId },
          event: stamped(describeEvent(event.event, sanitizers), stamp),
          ...(type === '@xstate.event'
            ? { sourceRef: event.sourceRef && { sessionId: event.sourceRef.sessionId } }
            : { snapshot: describeSnapshot(event.snapshot, sanitizers) }),
        }
  // The inspector reads no more of an event than what is copied here.
  return described as unknown as InspectionEvent
}

function stamped(part: object, stamp: (part: object) => void): object {
  stamp(part)
  return part
}

function describeActor(
  actorRef: KnownEvent['actorRef'],
  sanitizers: Sanitizers,
  stamp: (part: object) => void,
): object {
  const { id, sessionId, logic, _parent } = actorRef as AnyActorRef & {
    readonly logic?: { readonly config?: unknown }
    readonly _parent?: AnyActorRef
  }
  const machineId = (logic?.config as { readonly id?: unknown } | undefined)?.id
  return {
    // A strategy is always called 'strategy': only its machine tells which one it is.
    id: id !== sessionId && id !== machineId && typeof machineId === 'string' ? `${id}: ${machineId}` : id,
    sessionId,
    logic: { config: describeConfig(logic?.config, sanitizers) },
    _parent: _parent && { sessionId: _parent.sessionId },
    getSnapshot() {
      try {
        return stamped(describeSnapshot(actorRef.getSnapshot(), sanitizers), stamp)
      } catch {
        // An actor is announced before it has a snapshot.
        return stamped(describeSnapshot(undefined, sanitizers), stamp)
      }
    },
  }
}

/** A definition may hold the context that a machine starts with. */
function describeConfig(config: unknown, sanitizers: Sanitizers): unknown {
  const context = (config as { readonly context?: unknown } | undefined)?.context
  if (typeof context !== 'object' || context === null) return config
  return { ...(config as object), context: describeContext(context, sanitizers) }
}

function describeSnapshot(snapshot: unknown, sanitizers: Sanitizers): object {
  const { status, value, context, tags, children } = (snapshot ?? {}) as SnapshotParts
  return {
    status: status ?? 'active',
    value: toJsonSafe(value),
    context: context === undefined ? undefined : describeContext(context, sanitizers),
    tags: [...(tags ?? [])],
    children: Object.fromEntries(
      Object.entries(children ?? {}).map(([name, child]) => [name, { xstate$$type: 1, id: child?.sessionId }]),
    ),
    historyValue: {},
  }
}

const WITHHELD = '[withheld: pass sanitizeContext to show what is harmless]'

/** Whoever strips events does not want to find what they brought in a context. */
function describeContext(context: unknown, sanitizers: Sanitizers): unknown {
  const { sanitizeEvent, sanitizeContext } = sanitizers
  const safe = toJsonSafe(guarded(sanitizeContext, context))
  if (!sanitizeEvent) return safe
  const clean = (value: unknown): unknown => {
    if (isEvent(value)) return describeEvent(value, sanitizers)
    return sanitizeContext || typeof value === 'boolean' || value === null || value === undefined ? value : WITHHELD
  }
  const cleanAll = (value: unknown): unknown => (Array.isArray(value) ? value.map(clean) : clean(value))
  if (typeof safe !== 'object' || safe === null || Array.isArray(safe)) return cleanAll(safe)
  return Object.fromEntries(Object.entries(safe).map(([name, value]) => [name, cleanAll(value)]))
}

const isEvent = (value: unknown): value is { readonly type: string } =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

function describeEvent(event: { readonly type: string }, { sanitizeEvent }: Sanitizers): object {
  const safe = toJsonSafe(guarded(sanitizeEvent, event))
  return isEvent(safe) ? safe : { type: event.type }
}

function guarded(sanitize: ((value: unknown) => unknown) | undefined, value: unknown): unknown {
  if (!sanitize) return value
  try {
    return sanitize(value)
  } catch {
    return '[the sanitizer threw]'
  }
}
