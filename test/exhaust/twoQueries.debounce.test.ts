import { depthFor, keepsPromises } from './keepsPromises.ts'

keepsPromises([['a'], ['a', 'b']], ['debounce', 'hybrid', 'direct'], 1, depthFor(2))
