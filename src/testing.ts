export type { BoundQuery } from './integration/testing/bindings.ts'
export {
  type FastCheck,
  type FaultOptions,
  type StormOptions,
  arbitraryFaults,
  arbitraryStorm,
} from './integration/testing/arbitraries.ts'
export type { ChartModel, ModelEvent } from './integration/testing/chartModel.ts'
export {
  type ChartConfig,
  type CoalescerMachine,
  type CoalescerMachines,
  coalescerMachines,
} from './integration/testing/coalescerMachines.ts'
export { type KeyCheck, type QueryReads, type TestTables, checkKeys } from './integration/testing/checkKeys.ts'
export { expectFresh } from './integration/testing/expectFresh.ts'
export {
  type TestApp,
  type TestAppOptions,
  type TestAppWithoutFeed,
  type TestAppWithoutFeedOptions,
  type TestServiceOptions,
  createTestApp,
} from './integration/testing/testApp.ts'
export { type FakeTimers, type TestClock, createTestClock } from './integration/testing/testClock.ts'
export type { TestBinding, TestFeedChannel, TestJoinStatus } from './integration/testing/testChannel.ts'
export {
  type DeliveryOptions,
  type TestFeed,
  type TestFeedClient,
  type TestFeedOptions,
  createTestFeed,
} from './integration/testing/testFeed.ts'
export type { TestCommit, TestPrimaryKeys } from './integration/testing/tableRows.ts'
export type { TestScreen, TestScreenOptions } from './integration/testing/testScreens.ts'
export {
  type TestAnswer,
  type TestRequest,
  type TestRow,
  type TestServer,
  type TestServerOptions,
  type TestWrite,
  createTestServer,
} from './integration/testing/testServer.ts'
export { type StrategyCase, type StrategyModel, strategyModel } from './integration/testing/strategyModel.ts'
export { playStorm } from './integration/testing/playStorm.ts'
export { type TestAction, type TestStep, type TestTrace, printStorm } from './integration/testing/traces.ts'
