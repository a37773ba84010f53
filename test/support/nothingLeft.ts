/**
 * For test files that share a process: each has modules of its own and begins as in a fresh process, and fails if it
 * leaves behind what the next one would meet.
 */
import { environmentManager, focusManager, onlineManager } from '@tanstack/react-query'
import { afterAll, expect, vi } from 'vitest'

const globals = [
  ...['Date', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'performance', 'fetch', 'WebSocket'],
  ...['BroadcastChannel', 'window', 'document', 'navigator', 'localStorage', 'IS_REACT_ACT_ENVIRONMENT'],
]

/** What tests may start or replace, by name; the same value before and after a file. */
const readState = (): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ['listeners of focusManager', focusManager.hasListeners()],
    ['listeners of onlineManager', onlineManager.hasListeners()],
    ['simulated timers', vi.isFakeTimers()],
    ['process.env', JSON.stringify(process.env)],
    ['Math.random', Math.random],
    ...globals.map((name) => [name, (globalThis as Record<string, unknown>)[name]] as const),
    ...Object.entries(console).map(([name, method]) => [`console.${name}`, method] as const),
    ...process.eventNames().map((name) => [`listeners of ${String(name)}`, process.listenerCount(name)] as const),
  ])

vi.resetModules()
environmentManager.setIsServer(() => typeof window === 'undefined')
focusManager.setFocused(undefined)
onlineManager.setOnline(true)
const before = readState()

afterAll(() => {
  const after = readState()
  const left = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => !Object.is(before.get(name), after.get(name)),
  )
  if (left.length > 0) {
    throw new Error(
      `Expected ${expect.getState().testPath} to leave nothing to the next file in its process, got ${left.join(', ')}. End and restore what its tests start and replace.`,
    )
  }
})
