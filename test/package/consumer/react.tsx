import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactElement, createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { CoalescerDevtools, coalescerDevtoolsPlugin } from 'realtime-coalescer/devtools'
import { createStatelyInspector } from 'realtime-coalescer/inspect'
import { CoalescerProvider, useCoalescer, useCoalescerState, useStrategy } from 'realtime-coalescer/react'

function State(): ReactElement {
  const [strategy] = useStrategy()
  const { phase } = useCoalescer().getSnapshot()
  const pendingKeys: number = useCoalescerState((snapshot) => snapshot.pendingKeys)
  return createElement('p', null, [strategy, phase, pendingKeys].join(' '))
}

const inspector = createStatelyInspector()

const page = renderToString(
  createElement(
    QueryClientProvider,
    { client: new QueryClient() },
    createElement(
      CoalescerProvider,
      { strategy: 'hybrid', inspect: inspector.inspect },
      createElement(State),
      createElement(CoalescerDevtools),
    ),
  ),
)
if (page !== '<p>hybrid idle 0</p>') throw new Error(`The server rendered ${page}`)
if (coalescerDevtoolsPlugin().id !== 'realtime-coalescer') throw new Error('The plugin has another id.')
if (inspector.getStatus().state !== 'idle') throw new Error(`The inspector is ${inspector.getStatus().state}`)
inspector.stop()
console.log('react works')
