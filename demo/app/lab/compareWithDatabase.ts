import { pathOfQuery, queryNames } from '../../shared/queries.ts'
import type { Session } from '../../shared/session.ts'
import { readData } from '../controls.ts'

export interface DatabaseComparison {
  /** Queries on screen. */
  readonly shown: readonly string[]
  /** Those whose data is not what the database says now. */
  readonly different: readonly string[]
}

/** Compares what is on screen with what the database says now. Rejects when the API does not answer. */
export async function compareWithDatabase({ queries, queryClient }: Session): Promise<DatabaseComparison> {
  const shown = queryNames.filter((name) =>
    queryClient.getQueryCache().find({ queryKey: queries[name].queryKey, exact: true })?.isActive(),
  )
  const answers = await Promise.all(shown.map((name) => readData(pathOfQuery[name])))
  const different = shown.filter((name, index) => {
    const onScreen = queryClient.getQueryData<{ data: unknown }>(queries[name].queryKey)
    return JSON.stringify(onScreen?.data) !== JSON.stringify(answers[index]?.data)
  })
  return { shown, different }
}
