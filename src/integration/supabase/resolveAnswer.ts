import type { ChangeHandler, QueryKey, StatementChange } from '../../actions/types.ts'
import { expectFunction, expectQueryKeys, failType } from '../../actions/validate.ts'
import type { KeysOfTable } from './options.ts'

/** How changes are answered, checked and complete. */
export interface ResolvedAnswer {
  readonly handle: ChangeHandler
  /** @throws what the app's `keys` throws, or a TypeError if it returns no keys. */
  readonly catchUpKeys: () => readonly QueryKey[]
  /** The keys for a change without its rows; a handler has no use for one. @throws as `catchUpKeys` does */
  readonly statementKeys: ((change: StatementChange) => readonly QueryKey[]) | undefined
}

/** @throws TypeError unless there are either keys or a handler with keys to catch up with. */
export function resolveAnswer(
  at: string,
  { keys, handle, catchUp }: { readonly keys?: unknown; readonly handle?: unknown; readonly catchUp?: unknown },
): ResolvedAnswer {
  if ((keys === undefined) === (handle === undefined)) {
    failType(
      at,
      'an object with either `keys` or `handle`',
      { keys, handle },
      'Use `keys` to invalidate, `handle` with `catchUp` for more.',
    )
  }
  if (handle !== undefined) {
    expectFunction(`${at}.handle`, handle)
    if (catchUp === undefined) {
      failType(
        `${at}.catchUp`,
        'the keys that a missed change may have touched',
        catchUp,
        'A handler cannot run for a change that never came: say which keys to invalidate then.',
      )
    }
    const catchUpKeys = [...expectQueryKeys(catchUp, `${at}.catchUp`)]
    return { handle: handle as ChangeHandler, catchUpKeys: () => catchUpKeys, statementKeys: undefined }
  }
  expectFunction(`${at}.keys`, keys)
  if (catchUp !== undefined) {
    failType(`${at}.catchUp`, 'left out', catchUp, 'With the short form, `keys()` says what a gap may have missed.')
  }
  const keysOf = (...change: Parameters<KeysOfTable['keys']>): readonly QueryKey[] =>
    expectQueryKeys((keys as KeysOfTable['keys'])(...change), `${at}.keys()`)
  return {
    handle: (change) => ({ invalidate: keysOf(change) }),
    catchUpKeys: () => keysOf(),
    statementKeys: (change) => keysOf(change),
  }
}
