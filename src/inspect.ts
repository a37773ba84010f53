export {
  type LocalInspector,
  type LocalInspectorOptions,
  createLocalInspector,
} from './integration/inspect/createLocalInspector.ts'
export {
  type InspectorTarget,
  type SocketInspector,
  type SocketInspectorOptions,
  createSocketInspector,
} from './integration/inspect/createSocketInspector.ts'
export {
  type Inspectable,
  type StatelyInspector,
  createStatelyInspector,
} from './integration/inspect/createStatelyInspector.ts'
export type {
  InspectorProblem,
  InspectorStatus,
  ShownOptions,
  StatelyInspectorOptions,
} from './integration/inspect/options.ts'
