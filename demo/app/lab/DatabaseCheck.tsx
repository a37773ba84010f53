import { useState } from 'react'
import { pathOfQuery, queryNames } from '../../shared/queries.ts'
import { readData } from '../controls.ts'
import { useDemo } from '../demo.ts'

/** Compares what is on screen with what the database says now. */
export function DatabaseCheck() {
  const { session } = useDemo()
  const [result, setResult] = useState<string>()
  const check = async () => {
    setResult('Asking …')
    const onScreen = queryNames.filter((name) =>
      session.queryClient.getQueryCache().find({ queryKey: session.queries[name].queryKey, exact: true })?.isActive(),
    )
    try {
      const answers = await Promise.all(onScreen.map((name) => readData(pathOfQuery[name])))
      const different = onScreen.filter((name, index) => {
        const shown = session.queryClient.getQueryData<{ data: unknown }>(session.queries[name].queryKey)
        return JSON.stringify(shown?.data) !== JSON.stringify(answers[index]?.data)
      })
      setResult(
        different.length === 0 ? `All ${onScreen.length} equal the database` : `Different: ${different.join(', ')}`,
      )
    } catch (error) {
      setResult(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <span className="database-check">
      <output aria-live="polite">{result}</output>
      <button type="button" className="button small" onClick={() => void check()}>
        Compare with the database
      </button>
    </span>
  )
}
