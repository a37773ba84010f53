import { depthFor, keepsPromises } from './keepsPromises.ts'

keepsPromises([['a'], ['a', 'b']], ['perKey', 'adaptive'], 1, depthFor(2))
