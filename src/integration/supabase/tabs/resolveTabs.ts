import { expectFunction, expectFunctions, expectObject } from '../../../actions/validate.ts'
import type { TabsEnvironment } from './environment.ts'

/**
 * Checks `shareAcrossTabs`.
 *
 * @throws TypeError unless it is a boolean, or what to share with.
 */
export function resolveTabs(given: unknown): TabsEnvironment | undefined {
  if (given === undefined || given === false) return undefined
  if (given === true) return {}
  expectObject('shareAcrossTabs', 'true or false', given, 'Pass true to have one connection for all tabs of a user.')
  const { locks, openChannel, isVisible, watchSleep } = given as { [Name in keyof TabsEnvironment]?: unknown }
  if (locks !== undefined) {
    expectFunction('shareAcrossTabs.locks.request', (locks as { readonly request?: unknown } | null)?.request)
  }
  expectFunctions({
    'shareAcrossTabs.openChannel': openChannel,
    'shareAcrossTabs.isVisible': isVisible,
    'shareAcrossTabs.watchSleep': watchSleep,
  })
  return given
}
