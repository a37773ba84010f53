'use client'
export { CoalescerDevtools, type CoalescerDevtoolsProps } from './integration/devtools/CoalescerDevtools.tsx'
export {
  CoalescerDevtoolsPanel,
  type CoalescerDevtoolsPanelProps,
} from './integration/devtools/CoalescerDevtoolsPanel.tsx'
export type { DevtoolsRealtimeService } from './integration/devtools/panel/Charts.tsx'
export { type CoalescerDevtoolsPlugin, coalescerDevtoolsPlugin } from './integration/devtools/plugin.tsx'
