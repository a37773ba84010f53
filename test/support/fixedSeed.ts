import fc from 'fast-check'

/** Property tests that judge mutants try the same cases in every run, and the first that fails is enough. */
fc.configureGlobal({ seed: 1, endOnFailure: true })
