export type {} from './integration/query/coalescer.ts'
