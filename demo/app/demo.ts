import { type QueryKey, hashKey } from '@tanstack/react-query'
import { createContext, useContext, useSyncExternalStore } from 'react'
import type { ServerAddress, Session } from '../shared/session.ts'
import type { Run, RunState } from './run.ts'

/** What the page has once: its connection to the backend, and the figures of the current run. */
export interface Demo {
  readonly session: Session
  readonly run: Run
  /** What the page was given; its key is another one when its server has been started again. */
  readonly address: ServerAddress
}

export const DemoContext = createContext<Demo | undefined>(undefined)

/** @throws Error outside of the page. */
export function useDemo(): Demo {
  const demo = useContext(DemoContext)
  if (!demo) throw new Error('Expected a <DemoContext> above, found none.')
  return demo
}

/** The figures of the current run; renders again when they change. */
export function useRun(): RunState {
  const { run } = useDemo()
  return useSyncExternalStore(run.subscribe, run.getState)
}

/** Whether a query shows older data than a change that has arrived. */
export function useIsBehind(queryKey: QueryKey): boolean {
  const { run } = useDemo()
  const queryHash = hashKey(queryKey)
  return useSyncExternalStore(run.subscribe, () => run.getState().behindHashes.includes(queryHash))
}
