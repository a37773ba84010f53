import { useState } from 'react'
import { useDemo } from '../demo.ts'
import { compareWithDatabase } from './compareWithDatabase.ts'

/** Compares what is on screen with what the database says now. */
export function DatabaseCheck() {
  const { session } = useDemo()
  const [result, setResult] = useState<string>()
  const check = async () => {
    setResult('Asking …')
    try {
      const { shown, different } = await compareWithDatabase(session)
      setResult(
        different.length === 0 ? `All ${shown.length} equal the database` : `Different: ${different.join(', ')}`,
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
