import type { QueryClient } from '@tanstack/react-query'

/** What a client keeps in private fields, and no two clients share: the wrapped one has it from the client it wraps. */
const ownState = [
  'mount',
  'unmount',
  'getDefaultOptions',
  'setDefaultOptions',
  'getQueryDefaults',
  'setQueryDefaults',
  'getMutationDefaults',
  'setMutationDefaults',
  'defaultQueryOptions',
  'defaultMutationOptions',
] as const satisfies readonly (keyof QueryClient)[]

type Constructor = new (config: object) => QueryClient

/** The class a client is of, without those of the app that extend it. */
function baseClassOf(client: QueryClient): Constructor | undefined {
  let prototype = Object.getPrototypeOf(client) as QueryClient | null
  for (;;) {
    const parent = prototype && (Object.getPrototypeOf(prototype) as QueryClient | null)
    if (!prototype || !parent) return undefined
    // The class has the private fields that its methods need; an object literal has none.
    if (Object.getPrototypeOf(parent) === null) return prototype.constructor as Constructor
    prototype = parent
  }
}

/**
 * A client over the same caches, with the same state, that inherits everything from the one it wraps: its own
 * properties, its class and what an app adds to either. It is a client of its own, so that what it builds has it for
 * its client, and spies and overrides on it hold for it alone.
 */
export function wrapClient<Client extends QueryClient>(client: Client, methods: Partial<QueryClient>): Client {
  const Base = baseClassOf(client)
  // `new.target` decides the prototype; the constructor then adds the private fields.
  const newTarget = Object.assign(function QueryClient() {}, { prototype: client })
  const wrapped = (
    Base
      ? Reflect.construct(
          Base,
          [{ queryCache: client.getQueryCache(), mutationCache: client.getMutationCache() }],
          newTarget,
        )
      : Object.create(client)
  ) as Client
  const define = (name: string, value: unknown): void => {
    Object.defineProperty(wrapped, name, { value, writable: true, configurable: true, enumerable: false })
  }
  for (const name of ownState) {
    const method = (...args: never[]): unknown => (client[name] as (...args: never[]) => unknown)(...args)
    define(name, method)
  }
  for (const [name, method] of Object.entries(methods)) define(name, method)
  return wrapped
}
