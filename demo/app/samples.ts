const maxSamples = 900

/** Keeps a long run drawable: every second sample of the older half goes. */
export function thin<Sample>(samples: Sample[]): Sample[] {
  if (samples.length <= maxSamples) return samples
  const half = samples.length / 2
  return samples.filter((_, index) => index > half || index % 2 === 0)
}
