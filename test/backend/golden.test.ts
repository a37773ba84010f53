import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, startBackend } from '../../demo/server/backend.ts'
import { compared, differences, notCompared, recorded } from './goldenDifferences.ts'
import { type Frames, normalise, playSteps, readGolden, readSteps } from './goldenPlayer.ts'

let backend: Backend
const readme = readFileSync(join(import.meta.dirname, '../../demo/server/README.md'), 'utf8').replaceAll(/\s+/g, ' ')

beforeAll(async () => {
  // The publication is looked at once in a while, as there: not within a scenario.
  backend = await startBackend({ timing: { publicationCheckMs: 600_000 } })
  await backend.db.exec(readGolden('schema.sql'))
})
afterAll(() => backend.stop())
afterEach(async () => {
  const tables = await backend.db.query<{ name: string }>(
    `select class.oid::regclass::text as name from pg_class as class
    where relnamespace::regnamespace::text in ('public', 'other') and relkind = 'r'`,
  )
  await backend.db.exec(`truncate ${tables.map(({ name }) => name).join(', ')} cascade`)
})

describe('frames of Supabase Realtime v2.129.8, and of the local server for the same', () => {
  it.each(compared)('%s', async (scenario) => {
    const steps = readSteps(scenario)
    const listed = differences.flatMap((it) => (it.scenario === scenario ? it.steps : []))
    const local = normalise(await playSteps(backend, steps, listed))
    const real = normalise(steps.map(({ got }) => got))
    const differing = steps.flatMap((_, index) => (isDeepStrictEqual(local[index], real[index]) ? [] : [index]))
    const unlisted = differing.filter((index) => !listed.includes(index))
    const show = (all: Frames[]) => unlisted.map((index) => ({ index, step: steps[index], frames: all[index] }))
    expect(show(local)).toEqual(show(real))
    expect(listed.filter((index) => !differing.includes(index))).toEqual([])
  })

  it('differ where the README says so, and nowhere else', () => {
    for (const { scenario, steps, reason } of differences) {
      expect(compared).toContain(scenario)
      expect(Math.max(...steps)).toBeLessThan(readSteps(scenario).length)
      expect(readme).toContain(`- ${reason}`)
    }
  })

  it('are of every scenario that was recorded, or the README says why not', () => {
    expect([...compared, ...notCompared.flatMap(({ scenarios }) => scenarios)].toSorted()).toEqual(recorded.toSorted())
    const files = readdirSync(join(import.meta.dirname, 'golden')).filter((file) => file.endsWith('.json'))
    expect(files.map((file) => file.replace('.json', '')).toSorted()).toEqual(compared.toSorted())
    for (const { scenarios, reason } of notCompared) {
      expect(readme).toContain(`- ${scenarios.map((name) => `\`${name}\``).join(', ')}: ${reason}`)
    }
    const equal = compared.filter((name) => !differences.some(({ scenario }) => scenario === name))
    expect(readme).toContain(
      `Of ${recorded.length} recorded scenarios ${equal.length} are equal; ${differences.length} differences in ${compared.length - equal.length} more are listed, and none is unlisted. ${recorded.length - compared.length} are not compared.`,
    )
  })
})
