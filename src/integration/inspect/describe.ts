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
 * could not carry, apart from the machine's own definition.
 */
export function describe(event: KnownEvent, sanitizers: Sanitizers): InspectionEvent {
  const { type, rootId } = event
  const described =
    type === '@xstate.actor'
      ? { type, rootId, actorRef: describeActor(event.actorRef, sanitizers) }
      : {
          type,
          rootId,
          actorRef: { sessionId: event.actorRef.sessionId },
          event: describeEvent(event.event, sanitizers),
          ...(type === '@xstate.event'
            ? { sourceRef: event.sourceRef && { sessionId: event.sourceRef.sessionId } }
            : { snapshot: describeSnapshot(event.snapshot, sanitizers) }),
        }
  // The inspector reads no more of an event than what is copied here.
  return described as unknown as InspectionEvent
}

function describeActor(actorRef: KnownEvent['actorRef'], sanitizers: Sanitizers): object {
  const { id, sessionId, logic, _parent } = actorRef as AnyActorRef & {
    readonly logic?: { readonly config?: unknown }
    readonly _parent?: AnyActorRef
  }
  const machineId = (logic?.config as { readonly id?: unknown } | undefined)?.id
  return {
    // A strategy is always called 'strategy': only its machine tells which one it is.
    id: id !== sessionId && id !== machineId && typeof machineId === 'string' ? `${id}: ${machineId}` : id,
    sessionId,
    logic: { config: logic?.config },
    _parent: _parent && { sessionId: _parent.sessionId },
    getSnapshot() {
      try {
        return describeSnapshot(actorRef.getSnapshot(), sanitizers)
      } catch {
        // An actor is announced before it has a snapshot.
        return describeSnapshot(undefined, sanitizers)
      }
    },
  }
}

function describeSnapshot(snapshot: unknown, { sanitizeContext }: Sanitizers): object {
  const { status, value, context, tags, children } = (snapshot ?? {}) as SnapshotParts
  return {
    status: status ?? 'active',
    value: toJsonSafe(value),
    context: context === undefined ? undefined : toJsonSafe(guarded(sanitizeContext, context)),
    tags: [...(tags ?? [])],
    children: Object.fromEntries(
      Object.entries(children ?? {}).map(([name, child]) => [name, { xstate$$type: 1, id: child?.sessionId }]),
    ),
    historyValue: {},
  }
}

function describeEvent(event: { readonly type: string }, { sanitizeEvent }: Sanitizers): object {
  const safe = toJsonSafe(guarded(sanitizeEvent, event))
  return typeof safe === 'object' && safe !== null && 'type' in safe ? safe : { type: event.type }
}

function guarded(sanitize: ((value: unknown) => unknown) | undefined, value: unknown): unknown {
  if (!sanitize) return value
  try {
    return sanitize(value)
  } catch {
    return '[the sanitizer threw]'
  }
}
