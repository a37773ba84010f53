import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createErrorReporter } from '../../src/actions/report.ts'
import type { ErrorInfo } from '../../src/actions/types.ts'

const error = new Error('broken')
const badEvent: ErrorInfo = { type: 'badEvent', event: 7 }

describe('a failure that was caught', () => {
  const log = vi.fn<(message: string, error: unknown) => void>()

  beforeEach(() => {
    log.mockReset()
    vi.stubGlobal('console', { error: log })
  })
  afterEach(() => vi.unstubAllGlobals())

  it('goes to onError and nowhere else', () => {
    const onError = vi.fn<(error: unknown, info: ErrorInfo) => void>()
    createErrorReporter(onError)(error, badEvent)
    expect([onError.mock.calls, log.mock.calls]).toEqual([[[error, badEvent]], []])
  })

  it('goes to the console without onError, with its kind', () => {
    createErrorReporter(undefined)(error, badEvent)
    expect(log.mock.calls).toEqual([['realtime-coalescer: badEvent', error]])
  })

  it('goes nowhere without onError if it is a failed refetch, which its query shows', () => {
    createErrorReporter(undefined)(error, { type: 'refetchFailed', queryKey: ['goals'], queryHash: '["goals"]' })
    expect(log).not.toHaveBeenCalled()
  })

  it('of onError itself goes to the console, with what onError was told of', () => {
    const failure = new Error('onError is broken, too')
    const report = createErrorReporter(() => {
      throw failure
    })
    expect(() => report(error, badEvent)).not.toThrow()
    expect(log.mock.calls).toEqual([['realtime-coalescer: onError threw while told of badEvent', failure]])
  })

  it('harms nobody where there is no console', () => {
    vi.stubGlobal('console', undefined)
    expect(() => createErrorReporter(undefined)(error, badEvent)).not.toThrow()
  })
})
