import { QueryClient } from '@tanstack/react-query'
import { coalesceQueryClient, createCoalescer } from 'realtime-coalescer'
import { useStrategy } from 'realtime-coalescer/react'
import { createRealtimeService } from 'realtime-coalescer/supabase'

const queryClient = new QueryClient()
const coalescer = createCoalescer({ queryClient })
coalescer.scheduleInvalidate(['goals'])
const { phase } = coalescer.getSnapshot()
coalescer.stop()
console.log([phase, typeof coalesceQueryClient, typeof createRealtimeService, typeof useStrategy].join(' '))
