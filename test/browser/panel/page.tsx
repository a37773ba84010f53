import { QueryClientProvider, useQuery } from '@tanstack/react-query'
import { CoalescerDevtoolsPanel } from 'realtime-coalescer/devtools'
import { createTestApp } from 'realtime-coalescer/testing'
import { memo, useState } from 'react'
import { createRoot } from 'react-dom/client'

const count = 50
const ids = Array.from({ length: count }, (_, id) => id)
const keyOf = (id: unknown) => ['items', 'of-the-partner-of-the-week', { id, order: 'created_at.desc' }] as const

const app = createTestApp({
  server: { rows: { items: ids.map((id) => ({ id, title: `Item ${id}` })) }, latencyMs: 40 },
  tables: { items: { keys: (change) => (change ? [keyOf(change.new['id'])] : [['items']]) } },
})
const queryFn = app.server.query(['items'], ({ items = [] }) => items.length)
const styleNonce = document.querySelector<HTMLElement>('[nonce]')?.nonce

const Item = memo(({ id }: { id: number }) => {
  const { data } = useQuery({ queryKey: keyOf(id), queryFn, notifyOnChangeProps: ['data'] })
  return <li>{data}</li>
})

function App() {
  const [isOpen, setOpen] = useState(false)
  Object.assign(page, { setOpen })
  return (
    <QueryClientProvider client={app.queryClient}>
      <main>
        <h1>Fifty queries</h1>
        {isOpen && <CoalescerDevtoolsPanel coalescer={app.coalescer} service={app.realtime} styleNonce={styleNonce} />}
        <ul>
          {ids.map((id) => (
            <Item key={id} id={id} />
          ))}
        </ul>
      </main>
    </QueryClientProvider>
  )
}

let stream: ReturnType<typeof setInterval> | undefined
let commits = 0

const page = {
  ...app,
  setOpen: (_isOpen: boolean): void => undefined,
  /** Commits one change after the other, over all rows in turn. */
  startStream(everyMs: number): void {
    stream = setInterval(() => {
      commits += 1
      app.feed.commit({ table: 'items', row: { id: commits % count, title: `Change ${commits}` } })
    }, everyMs)
  },
  stopStream: (): void => clearInterval(stream),
}
/** What tests and benchmarks do with the page. */
export type PanelPage = typeof page

Object.assign(window, { page })
void app.start()
const container = document.querySelector('#app')
if (container) createRoot(container).render(<App />)
