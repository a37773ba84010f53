import { focusManager } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { useSimulatedTime } from '../support/simulatedTime.ts'
import { everyStrategy, worldOf } from './support.ts'

useSimulatedTime()

describe.each(everyStrategy)('%s', (strategy) => {
  it('takes repeated news of the same visibility for no bad event', () => {
    const { errors } = worldOf(strategy)
    focusManager.setFocused(true)
    focusManager.setFocused(undefined)
    focusManager.onFocus()
    focusManager.setFocused(false)
    focusManager.onFocus()
    expect(errors).toEqual([])
  })
})
