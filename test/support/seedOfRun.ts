import fc from 'fast-check'

/** With `SIMULATION_SEED`, as in CI, property tests try the same cases in every run; without it, new ones in each. */
const seed = process.env.SIMULATION_SEED
if (seed !== undefined) {
  if (!/^-?\d+$/.test(seed)) throw new RangeError(`SIMULATION_SEED must be a whole number like 1, but is '${seed}'`)
  fc.configureGlobal({ seed: Number(seed) })
}
