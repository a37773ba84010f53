import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { CoalescerProvider } from 'realtime-coalescer/react'
import { askJson } from '../shared/api.ts'
import { type ServerAddress, createSession } from '../shared/session.ts'
import { App } from './App.tsx'
import { DemoContext } from './demo.ts'
import { createRun } from './run.ts'
import './styles/base.css'
import './styles/layout.css'
import './styles/controls.css'
import './styles/twice.css'
import './styles/app.css'
import './styles/lab.css'

const root = createRoot(document.querySelector('#root') as HTMLElement)

try {
  const { url, supabaseUrl, anonKey } = await askJson<ServerAddress>(`${location.origin}/config.json`, 'GET')
  // The embedded backend is where the page is, under whichever name that was opened.
  const address = { anonKey, url: location.origin, supabaseUrl: supabaseUrl === url ? location.origin : supabaseUrl }
  const session = createSession(address, { firstCatchUp: 'refetch', isLatencyHere: true })
  const run = createRun(session)
  root.render(
    <StrictMode>
      <QueryClientProvider client={session.queryClient}>
        <CoalescerProvider coalescer={session.coalescer}>
          <DemoContext value={{ session, run, address }}>
            <App />
          </DemoContext>
        </CoalescerProvider>
      </QueryClientProvider>
    </StrictMode>,
  )
} catch (error) {
  root.render(<p role="alert">The demo could not start: {error instanceof Error ? error.message : String(error)}</p>)
}
