interface Help {
  readonly error: string
  /** The value that is wrong. */
  readonly name: string | undefined
  readonly came: string | undefined
}

const helpful = /^Expected `([^`]+)` to be \S.{3,}, got (\S.*?)(?: \((\w+)\))?\. [A-Z].{9,}\.$/s

/** Runs what throws; tells what a refusal names, if it also says what was expected and ends with what to do. */
export function helpOf(run: () => unknown): Help | string {
  try {
    run()
  } catch (error) {
    if (!(error instanceof Error)) return 'What was thrown is no error.'
    const [, name, came, kind] = helpful.exec(error.message) ?? []
    const isComplete = name !== undefined && (kind !== undefined) === (error.name === 'TypeError')
    return isComplete ? { error: error.name, name, came } : error.message
  }
  return 'Nothing was thrown.'
}
