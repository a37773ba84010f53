import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { act, fireEvent, render, screen } from '@testing-library/react'
import { type CoalescerOptions, createCoalescer } from 'realtime-coalescer'
import { CoalescerDevtoolsPanel, type CoalescerDevtoolsPanelProps } from 'realtime-coalescer/devtools'
import { StrictMode } from 'react'
import { vi } from 'vitest'

export const advance = async (ms: number) => act(async () => vi.advanceTimersByTimeAsync(ms))

const Query = ({ name, queryFn }: { name: string; queryFn: () => Promise<unknown> }) => {
  useQuery({ queryKey: [name, { user: 7 }], queryFn, staleTime: Infinity, retry: false })
  return null
}

/** The lines of the timeline, the newest first. */
export const entries = (): HTMLElement[] => [
  ...screen.getByRole('region', { name: 'Timeline entries' }).querySelectorAll<HTMLElement>('ol > li'),
]

/** Opens every line of the timeline. */
export function openEntries(): void {
  for (const one of entries()) {
    const button = one.querySelector('button[aria-expanded="false"]')
    if (button) fireEvent.click(button)
  }
}

export const summaries = (): (string | undefined)[] =>
  entries().map((one) => (one.querySelector('.rtc-summary') ?? one.lastElementChild)?.textContent)

/** A page with the panel and two queries, whose `queryFn` takes 30 ms. */
export async function openPanel(
  props: CoalescerDevtoolsPanelProps = {},
  options: CoalescerOptions = {},
  respond: () => unknown = () => 'data',
) {
  const queryClient = new QueryClient()
  const coalescer = createCoalescer({ queryClient, onError: () => undefined, ...options })
  const queryFn = async () => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    return respond()
  }
  const page = (shown: CoalescerDevtoolsPanelProps) => (
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <Query name="goals" queryFn={queryFn} />
        <Query name="check_ins" queryFn={queryFn} />
        <CoalescerDevtoolsPanel coalescer={coalescer} {...shown} />
      </QueryClientProvider>
    </StrictMode>
  )
  const view = render(page(props))
  await advance(150)
  const text = (selector: string) => view.container.querySelector(selector)?.textContent ?? ''
  return { ...view, page, coalescer, queryClient, text }
}
