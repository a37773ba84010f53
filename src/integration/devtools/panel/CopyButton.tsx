'use client'
import { type ReactElement, useState } from 'react'

/** Copies what `write` returns; where the browser does not let it, shows it to be copied by hand. */
export function CopyButton({ write }: { readonly write: () => string }): ReactElement {
  const [outcome, setOutcome] = useState<{ readonly told: string; readonly text?: string } | undefined>()
  const copy = async (): Promise<void> => {
    const text = write()
    try {
      await navigator.clipboard.writeText(text)
      setOutcome({ told: 'Copied' })
    } catch {
      setOutcome({ told: 'The browser does not let the page copy: here it is', text })
    }
  }
  return (
    <>
      <button type="button" onClick={() => void copy()}>
        Copy as JSON
      </button>
      <span role="status" className={outcome?.text === undefined ? 'rtc-hidden' : 'rtc-hint'}>
        {outcome?.told}
      </span>
      {outcome?.text !== undefined && (
        <>
          <textarea readOnly rows={6} aria-label="Timeline as JSON" value={outcome.text} />
          <button type="button" onClick={() => setOutcome(undefined)}>
            Close
          </button>
        </>
      )}
    </>
  )
}
