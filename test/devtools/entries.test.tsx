// @vitest-environment happy-dom
import { QueryClient } from '@tanstack/react-query'
import type { TanStackDevtoolsReactPlugin } from '@tanstack/react-devtools'
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { type Coalescer, createCoalescer } from 'realtime-coalescer'
import { CoalescerDevtools, CoalescerDevtoolsPanel, coalescerDevtoolsPlugin } from 'realtime-coalescer/devtools'
import { CoalescerProvider } from 'realtime-coalescer/react'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { formatError, formatValue } from '../../src/integration/devtools/monitor/format.ts'
import { advance } from './support.tsx'

let coalescer: Coalescer
beforeEach(() => {
  vi.useFakeTimers()
  coalescer = createCoalescer({ queryClient: new QueryClient() })
})
afterEach(() => {
  cleanup()
  coalescer.stop()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('CoalescerDevtools', () => {
  it('opens and closes by its button, and by Escape', async () => {
    render(<CoalescerDevtools coalescer={coalescer} />)
    await advance(0)
    const button = screen.getByRole('button', { name: 'Coalescer' })
    expect(button.getAttribute('aria-expanded')).toBe('false')
    expect(screen.queryByRole('heading', { name: 'Realtime coalescer' })).toBeNull()
    fireEvent.click(button)
    fireEvent.keyDown(screen.getByRole('heading', { name: 'Realtime coalescer' }), { key: 'Escape' })
    expect(screen.queryByRole('heading', { name: 'Realtime coalescer' })).toBeNull()
    expect(document.activeElement).toBe(button)
  })

  it('records while it is closed', async () => {
    render(<CoalescerDevtools coalescer={coalescer} />)
    await advance(0)
    coalescer.scheduleInvalidate(['goals'], { urgent: true })
    await advance(150)
    fireEvent.click(screen.getByRole('button', { name: 'Coalescer' }))
    expect(document.querySelector('.rtc-reason')?.textContent).toBe('urgent')
  })

  it('takes the coalescer of the provider above', async () => {
    render(
      <CoalescerProvider queryClient={new QueryClient()} strategy="batch">
        <CoalescerDevtools initialIsOpen />
      </CoalescerProvider>,
    )
    await advance(150)
    expect((screen.getByLabelText('Strategy', { selector: 'select' }) as HTMLSelectElement).value).toBe('batch')
  })

  it('asks for a coalescer where there is none', () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    expect(() => render(<CoalescerDevtools />)).toThrow(/Pass `coalescer`/)
  })

  it('renders nothing on a server', () => {
    expect(renderToString(<CoalescerDevtools coalescer={coalescer} initialIsOpen />)).toBe('')
    expect(renderToString(<CoalescerDevtoolsPanel coalescer={coalescer} />)).toBe('')
  })
})

describe('the plugin', () => {
  it.each([
    ['as TanStack Devtools gives it', { theme: 'dark' }, 'dark'],
    ['as its older versions give it', 'dark', 'dark'],
    ['of the system where none is given', undefined, 'system'],
  ] as const)('is one for TanStack Devtools and has the theme %s', async (_, given, theme) => {
    const plugin = coalescerDevtoolsPlugin({ coalescer })
    const accepted: TanStackDevtoolsReactPlugin = plugin
    expect(accepted.id).toBe('realtime-coalescer')
    const { container } = render(plugin.render(document.body, given))
    await advance(150)
    expect(container.querySelector('.rtc')?.getAttribute('data-theme')).toBe(theme)
  })
})

describe('whatever a key holds', () => {
  const circular: { self?: unknown } = {}
  circular.self = circular
  const throwing = {
    get row() {
      throw new Error('no')
    },
  }
  it.each([
    [['goals', { user: 7 }], '["goals",{"user":7}]'],
    [[10n, Symbol('s'), undefined], '["10n","Symbol(s)",null]'],
    [[new Map([['a', 1]]), new Set([2])], '[[["a",1]],[2]]'],
    [circular, '{"self":"[seen above]"}'],
    [throwing, '[unreadable]'],
    ['x'.repeat(500), `"${'x'.repeat(500)}"`],
    ['x'.repeat(5000), `"${'x'.repeat(3998)}…`],
  ])('is one line, whole unless nobody could read it: %#', (value, text) => {
    expect(formatValue(value)).toBe(text)
  })

  it('and whatever was thrown, too', () => {
    expect(formatError(new Error('gone'))).toBe('gone')
    expect(formatError({ code: 42 })).toBe('{"code":42}')
    expect(formatError(undefined)).toBe('undefined')
  })
})
