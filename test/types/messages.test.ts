import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const directory = join(root, 'reports/type-messages')

const prelude = `
import type { SupabaseClient } from '@supabase/supabase-js'
import { type Coalescer, createCoalescer } from 'realtime-coalescer'
import { createRealtimeService } from 'realtime-coalescer/supabase'
interface Goals { Row: { id: number; user_id: number }; Insert: { id: number }; Update: { id: number }; Relationships: [] }
interface Database { public: { Tables: { goals: Goals }; Views: Record<never, never>; Functions: Record<never, never> } }
declare const coalescer: Coalescer
declare const supabase: SupabaseClient<Database>
const base = { supabase, coalescer, channel: 'db' }
void [createCoalescer, createRealtimeService, base]
`

/** A mistake, and what the compiler must say about it. */
const mistakes = {
  'a misspelt strategy': ["createCoalescer({ strategy: 'debounced' })", /Did you mean '"debounce"'\?/],
  'a misspelt option': [
    'createCoalescer({ quietMS: 100 })',
    /'quietMS' does not exist.*Did you mean to write 'quietMs'\?/,
  ],
  'an option of another strategy': [
    "createCoalescer({ strategy: { name: 'debounce', refetchDelayMs: 100 } })",
    /'refetchDelayMs' does not exist/,
  ],
  'a key that is no array': ["coalescer.scheduleInvalidate('goals')", /'string' is not assignable to .*'QueryKey'/],
  'a wrong refetchType': [
    "coalescer.scheduleInvalidate(['goals'], { refetchType: 'some' })",
    /'"some"' is not assignable to type 'RefetchType/,
  ],
  'a misspelt event': [
    "coalescer.send({ type: 'INVALIDATES', queryKeys: [] })",
    /'"INVALIDATES"' is not assignable to .*'"INVALIDATE"/,
  ],
  'a misspelt table': [
    'createRealtimeService({ ...base, tables: { goal: { keys: () => [] } } })',
    /'goal' does not exist.*goals/,
  ],
  'a misspelt column in a filter': [
    "createRealtimeService({ ...base, tables: { goals: { keys: () => [], filter: 'owner=eq.7' } } })",
    /'"owner=eq\.7"' is not assignable to type .*`id=\$\{string\}` \| `user_id=\$\{string\}`/,
  ],
  'a handler without catchUp': [
    'createRealtimeService({ ...base, tables: { goals: { handle: () => ({}) } } })',
    /'catchUp' is missing/,
  ],
} as const satisfies Record<string, readonly [code: string, message: RegExp]>

const fileOf = (index: number): string => `mistake-${index}.ts`
let messages: Map<string, string>

beforeAll(() => {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: ['.'] }))
  for (const [index, [code]] of Object.values(mistakes).entries()) {
    writeFileSync(join(directory, fileOf(index)), `${prelude}${code}\n`)
  }
  let output = ''
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', directory, '--pretty', 'false'], { encoding: 'utf8' })
  } catch (error) {
    output = (error as { stdout: string }).stdout
  }
  messages = new Map()
  let file = ''
  for (const line of output.split('\n')) {
    file = line.match(/(mistake-\d+\.ts)\(/)?.[1] ?? file
    messages.set(file, `${messages.get(file) ?? ''}${line.replace(/^\S+: error /, '')} `)
  }
})

describe('the compiler says what is wrong with', () => {
  it.each(Object.entries(mistakes).map(([name, [, message]], index) => [name, message, fileOf(index)] as const))(
    '%s',
    (_, message, file) => {
      const said = messages.get(file) ?? ''
      expect(said).toMatch(message)
      expect(said.length).toBeLessThan(700)
    },
  )
})
