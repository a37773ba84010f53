import { useCallback, useRef, useState } from 'react'

/** What the page plays: one thing at a time. */
export interface Playing {
  /** The title of what is played now. */
  readonly title: string | undefined
  /** Why the last one has failed. */
  readonly problem: string | undefined
  /** Does `work`, unless something is played already. Never rejects. */
  play(title: string, work: () => Promise<unknown>): Promise<void>
}

export function usePlaying(): Playing {
  const [title, setTitle] = useState<string>()
  const [problem, setProblem] = useState<string>()
  const isPlaying = useRef(false)

  const play = useCallback(async (newTitle: string, work: () => Promise<unknown>) => {
    if (isPlaying.current) return
    isPlaying.current = true
    setTitle(newTitle)
    setProblem(undefined)
    try {
      await work()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    } finally {
      isPlaying.current = false
      setTitle(undefined)
    }
  }, [])
  return { title, problem, play }
}
