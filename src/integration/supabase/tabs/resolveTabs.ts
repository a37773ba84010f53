import { expectFunction, failType } from '../../../actions/validate.ts'
import type { TabsEnvironment } from './environment.ts'

/**
 * Checks `shareAcrossTabs`.
 *
 * @throws TypeError unless it is a boolean, or what to share with.
 */
export function resolveTabs(given: unknown): TabsEnvironment | undefined {
  if (given === undefined || given === false) return undefined
  if (given === true) return {}
  if (typeof given !== 'object' || given === null) {
    failType('shareAcrossTabs', 'true or false', given, 'Pass true to have one connection for all tabs of a user.')
  }
  const { locks, openChannel, isVisible, watchSleep } = given as { [Name in keyof TabsEnvironment]?: unknown }
  if (locks !== undefined) {
    expectFunction('shareAcrossTabs.locks.request', (locks as { readonly request?: unknown } | null)?.request)
  }
  for (const [name, value] of Object.entries({ openChannel, isVisible, watchSleep })) {
    if (value !== undefined) expectFunction(`shareAcrossTabs.${name}`, value)
  }
  return given
}
