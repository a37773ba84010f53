import type { Change, ChangeEffects, ChangeHandler, Patch, QueryKey, RefetchQueryType } from './types.ts'
import { expectFunction, expectObject, expectOneOf, expectQueryKey, expectQueryKeys, failType } from './validate.ts'

/** The effects of a change, checked and complete. */
export interface ResolvedEffects {
  readonly invalidate: readonly QueryKey[]
  readonly refetch: readonly { readonly queryKey: QueryKey; readonly type: RefetchQueryType }[]
  readonly patch: readonly Patch[]
  readonly cancel: readonly QueryKey[]
}

/**
 * Runs a handler.
 *
 * @throws what the handler throws, or a TypeError if what it returns are no effects.
 */
export function resolveEffects(handler: ChangeHandler, change: Change): ResolvedEffects {
  const effects = expectEffects(handler(change))
  return {
    invalidate: expectQueryKeys(effects.invalidate ?? [], 'invalidate'),
    refetch: expectList(effects.refetch ?? [], 'refetch').map(resolveRefetch),
    patch: expectList(effects.patch ?? [], 'patch').map(checkPatch),
    cancel: expectQueryKeys(effects.cancel ?? [], 'cancel'),
  }
}

const effectNames: ReadonlySet<string> = new Set<keyof ChangeEffects>(['invalidate', 'refetch', 'patch', 'cancel'])

/** What looks like effects but has none would be taken for a change that nothing on screen depends on. */
function expectEffects(effects: unknown): ChangeEffects {
  const expected = 'an object { invalidate?, refetch?, patch?, cancel? }'
  if (Array.isArray(effects))
    failType('effects', expected, effects, "Return { invalidate: [['goals']] }, for instance.")
  expectObject('effects', expected, effects, 'Return {} to do nothing.')
  if ('then' in effects) {
    // What is reported here must not be an unhandled rejection, too.
    Promise.resolve(effects).catch(() => undefined)
    failType('effects', expected, effects, 'Return the effects themselves, not a promise of them.')
  }
  const unknown = Object.keys(effects).find((name) => !effectNames.has(name))
  if (unknown !== undefined) failType('effects', expected, effects, `There is no effect named '${unknown}'.`)
  return effects
}

function expectList<T>(list: readonly T[], name: string): readonly T[] {
  if (!Array.isArray(list)) failType(name, 'an array', list, 'Return a list, or leave it out.')
  return list
}

function resolveRefetch(refetch: NonNullable<ChangeEffects['refetch']>[number]): ResolvedEffects['refetch'][number] {
  if (Array.isArray(refetch)) return { queryKey: refetch as QueryKey, type: 'active' }
  expectObject('refetch[]', 'a query key or { queryKey, type }', refetch, "Return a key, as in ['goals'].")
  const { queryKey, type = 'active' } = refetch as { queryKey: QueryKey; type?: RefetchQueryType }
  return {
    queryKey: expectQueryKey(queryKey, 'refetch[].queryKey'),
    type: expectOneOf('refetch[].type', type, ['active', 'all']),
  }
}

function checkPatch(patch: Patch): Patch {
  expectObject(
    'patch[]',
    'an object { queryKey, update }',
    patch,
    'Return the key of a query and a function of its data.',
  )
  expectQueryKey(patch.queryKey, 'patch[].queryKey')
  expectFunction('patch[].update', patch.update)
  return patch
}

/** The label that explains what a change has led to, such as `'goals:INSERT'`, or `'message:typing'` for a message. */
export const sourceOf = ({ schema, table, eventType, new: row }: Change): string =>
  schema === 'realtime' && table === 'messages'
    ? `message:${String((row as Record<string, unknown>)['event'])}`
    : `${table}:${eventType}`
