import { testEdges } from '../model/edges.ts'
import { useSimulatedTime } from '../support/simulatedTime.ts'

useSimulatedTime()

// They also run beside the models, which count the transitions that are taken; here they cost no minute of paths.
const timing = { quietMs: 40, maxWaitMs: 120, refetchDelayMs: 50, maxBufferedChanges: 3 }
testEdges(timing, ['debounce', 'batch', 'perKey', 'hybrid', 'adaptive'])
