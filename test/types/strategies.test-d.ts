import {
  type Coalescer,
  type StrategyName,
  type Windows,
  createCoalescer,
  createCoalescerWith,
  coalesceQueryClient,
  debounce,
  defineStrategy,
} from 'realtime-coalescer'
import { QueryClient } from '@tanstack/react-query'
import { expectTypeOf } from 'vitest'
import { useStrategy } from 'realtime-coalescer/react'

declare const windows: () => Windows
const throttle = defineStrategy({ windows, quietMs: 300, options: ['quietMs', 'maxBufferedChanges'] })

const added = createCoalescer({ strategies: { throttle }, strategy: 'throttle' })
added.switchStrategy('throttle')
added.switchStrategy('hybrid')
added.switchStrategy({ name: 'throttle', quietMs: 5, maxBufferedChanges: 7 })
added.send({ type: 'SWITCH_STRATEGY', strategy: 'throttle' })
expectTypeOf(added.getSnapshot().strategy).toEqualTypeOf<StrategyName | 'throttle'>()
added.on('strategySwitched', ({ to }) => expectTypeOf(to).toEqualTypeOf<StrategyName | 'throttle'>())
// @ts-expect-error -- misspelt
added.switchStrategy('trottle')
// @ts-expect-error -- not an option of this strategy
added.switchStrategy({ name: 'throttle', leading: true })
// @ts-expect-error -- misspelt
createCoalescer({ strategies: { throttle }, strategy: 'trottle' })

const only = createCoalescerWith({ debounce, throttle }, { strategy: { name: 'debounce', leading: true } })
only.switchStrategy('throttle')
// @ts-expect-error -- not named
only.switchStrategy('batch')
// @ts-expect-error -- not named
only.send({ type: 'SWITCH_STRATEGY', strategy: 'batch' })
// @ts-expect-error -- not named
createCoalescerWith({ debounce }, { strategy: 'throttle' })
expectTypeOf(only.getSnapshot().strategy).toEqualTypeOf<'debounce' | 'throttle' | 'direct'>()

// Whatever its strategies, a coalescer may be handed on.
coalesceQueryClient(new QueryClient(), only)
expectTypeOf<Coalescer<'throttle'>['switchStrategy']>().parameter(0).toExtend<'throttle' | { name: 'throttle' }>()

const strategies = { debounce, throttle }
const [name, switchStrategy] = useStrategy<typeof strategies>()
expectTypeOf(name).toEqualTypeOf<'debounce' | 'throttle' | 'direct'>()
// @ts-expect-error -- not named
switchStrategy('batch')

// @ts-expect-error -- a rule or a machine
defineStrategy({ quietMs: 5 })
// @ts-expect-error -- no timing option
defineStrategy({ windows, quietMs: 5, options: ['quiet'] })
