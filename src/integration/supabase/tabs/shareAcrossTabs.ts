import type { CreateWire } from '../wire.ts'
import { resolveTabs } from './resolveTabs.ts'
import { createSharedWire } from './sharedWire.ts'

/** What `createRealtimeServiceWith` needs for the option `shareAcrossTabs`: the export of that name. */
export interface TabSharing {
  /**
   * How a service with this value of the option comes by its changes; `undefined` if each tab has its own connection.
   *
   * @throws TypeError unless it is a boolean, or what to share with.
   */
  wireFor(given: unknown): CreateWire | undefined
}

/** Lets the tabs of a browser share a connection, where the option `shareAcrossTabs` says so. */
export const shareAcrossTabs: TabSharing = {
  wireFor(given) {
    const environment = resolveTabs(given)
    return environment && ((...wire) => createSharedWire(...wire, environment))
  },
}
