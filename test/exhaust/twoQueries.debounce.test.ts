import { depthFor, keepsPromises } from './keepsPromises.ts'

keepsPromises([['a'], ['a', 'b']], ['debounce', 'direct'], 1, depthFor(2))
