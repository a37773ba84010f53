import { depthFor, keepsPromises } from './keepsPromises.ts'

keepsPromises([['a'], ['a', 'b']], ['hybrid', 'batch'], 1, depthFor(2))
