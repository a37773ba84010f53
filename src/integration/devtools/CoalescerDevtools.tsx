'use client'
import { type KeyboardEvent, type ReactElement, useId, useRef, useState } from 'react'
import {
  type CoalescerDevtoolsPanelProps,
  MonitorPanel,
  useDevtoolsCoalescer,
  useMonitor,
} from './CoalescerDevtoolsPanel.tsx'
import { styles } from './styles.ts'

/** What `CoalescerDevtools` takes besides the panel's own props. */
export interface CoalescerDevtoolsProps extends CoalescerDevtoolsPanelProps {
  /** Whether the panel is open at first. @default false */
  readonly initialIsOpen?: boolean | undefined
  /** The corner of the button that opens the panel. @default 'bottom-right' */
  readonly position?: 'bottom-left' | 'bottom-right' | undefined
}

/**
 * The panel behind a button in a corner of the page. It records the timeline from its mount on, open or not. Escape
 * closes it. Renders nothing on a server.
 *
 * @throws Error without a `coalescer` outside a `CoalescerProvider`.
 */
export function CoalescerDevtools({
  initialIsOpen = false,
  position = 'bottom-right',
  ...props
}: CoalescerDevtoolsProps): ReactElement | null {
  const monitor = useMonitor(useDevtoolsCoalescer(props.coalescer), props.service)
  const [isOpen, setOpen] = useState(initialIsOpen)
  const buttonRef = useRef<HTMLButtonElement>(null)
  const panelId = useId()
  if (!monitor) return null

  const closeOnEscape = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return
    setOpen(false)
    buttonRef.current?.focus()
  }
  return (
    <aside
      className="rtc-float"
      data-position={position}
      data-theme={props.theme ?? 'system'}
      onKeyDown={closeOnEscape}
    >
      <style nonce={props.styleNonce}>{styles}</style>
      <div id={panelId} hidden={!isOpen}>
        {isOpen && <MonitorPanel {...props} monitor={monitor} />}
      </div>
      <button
        ref={buttonRef}
        type="button"
        className="rtc-toggle"
        aria-expanded={isOpen}
        aria-controls={panelId}
        onClick={() => setOpen(!isOpen)}
      >
        {isOpen ? 'Close coalescer' : 'Coalescer'}
      </button>
    </aside>
  )
}
