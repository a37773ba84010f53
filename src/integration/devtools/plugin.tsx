'use client'
import type { ReactElement } from 'react'
import { CoalescerDevtoolsPanel, type CoalescerDevtoolsPanelProps } from './CoalescerDevtoolsPanel.tsx'

/** A plugin as TanStack Devtools takes it. */
export interface CoalescerDevtoolsPlugin {
  readonly id: string
  readonly name: string
  /** Renders the panel; TanStack Devtools gives the theme it is in. */
  readonly render: (element: HTMLElement, props: { readonly theme: 'light' | 'dark' }) => ReactElement
}

/**
 * The panel as a plugin: `<TanStackDevtools plugins={[coalescerDevtoolsPlugin({ coalescer })]} />`. Without a `coalescer`
 * it takes the one of the `CoalescerProvider` above `<TanStackDevtools>`, and its theme unless told otherwise.
 */
export function coalescerDevtoolsPlugin(props: CoalescerDevtoolsPanelProps = {}): CoalescerDevtoolsPlugin {
  return {
    id: 'realtime-coalescer',
    name: 'Realtime coalescer',
    render: (_element, { theme }) => <CoalescerDevtoolsPanel theme={theme} {...props} />,
  }
}
