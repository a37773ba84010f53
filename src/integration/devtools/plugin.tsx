'use client'
import type { ReactElement } from 'react'
import { CoalescerDevtoolsPanel, type CoalescerDevtoolsPanelProps } from './CoalescerDevtoolsPanel.tsx'

type DevtoolsTheme = 'light' | 'dark'

/** A plugin as TanStack Devtools takes it. */
export interface CoalescerDevtoolsPlugin {
  readonly id: string
  readonly name: string
  /** Renders the panel; TanStack Devtools gives the theme it is in, some versions as the theme itself. */
  readonly render: (element?: HTMLElement, shown?: DevtoolsTheme | { readonly theme?: DevtoolsTheme }) => ReactElement
}

/**
 * The panel as a plugin: `<TanStackDevtools plugins={[coalescerDevtoolsPlugin({ coalescer })]} />`. Without a `coalescer`
 * it takes the one of the `CoalescerProvider` above `<TanStackDevtools>`, and its theme unless told otherwise.
 */
export function coalescerDevtoolsPlugin(props: CoalescerDevtoolsPanelProps = {}): CoalescerDevtoolsPlugin {
  return {
    id: 'realtime-coalescer',
    name: 'Realtime coalescer',
    render: (_element, shown) => (
      <CoalescerDevtoolsPanel theme={typeof shown === 'object' ? shown.theme : shown} {...props} />
    ),
  }
}
