/** Builds the package into `dist`. */
import { buildPackage } from './support/build.ts'
import { root } from './support/run.ts'

await buildPackage(root)
