export {
  type LocalInspector,
  type LocalInspectorOptions,
  createLocalInspector,
} from './integration/inspect/createLocalInspector.ts'
export {
  type Inspectable,
  type StatelyInspector,
  createStatelyInspector,
} from './integration/inspect/createStatelyInspector.ts'
export type { InspectorProblem, InspectorStatus, StatelyInspectorOptions } from './integration/inspect/options.ts'
