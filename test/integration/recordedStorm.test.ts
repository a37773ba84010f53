import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentManager } from '@tanstack/react-query'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { playScenario } from '../../demo/shared/playScenario.ts'
import type { StormResults } from '../../scripts/support/stormPicture.ts'

const path = join(import.meta.dirname, '../../docs/images/storm.json')
const results = JSON.parse(readFileSync(path, 'utf8')) as StormResults

describe('a storm played now', () => {
  let backend: Backend
  beforeAll(async () => {
    environmentManager.setIsServer(() => false)
    backend = await startBackend()
  })
  afterAll(() => backend.stop())

  it.each([
    ['a', 'direct'],
    ['b', 'debounce'],
  ] as const)('costs what README says: (%s) under %s', async (scenario, strategy) => {
    const recorded = results.find((one) => one.scenario === scenario && one.strategy === strategy)
    const { changes, requests, totalRequests } = await playScenario(backend, scenario, strategy)
    expect({ changes, requests, totalRequests }).toEqual({
      changes: recorded?.changes,
      requests: recorded?.requests,
      totalRequests: recorded?.totalRequests,
    })
  })
})
