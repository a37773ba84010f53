import { expectBoolean, expectDelay, expectOneOf, failType } from '../../actions/validate.ts'
import { expectOptions } from './expectations.ts'
import type { TestAction, TestStep, TestTrace } from './traces.ts'

/** What each action says beside its name and time. */
const fields: Readonly<Record<TestAction['do'], readonly string[]>> = {
  commit: ['table', 'row', 'truncated'],
  remove: ['table', 'id'],
  transaction: ['changes'],
  duplicate: [],
  drop: [],
  rejoin: [],
  expire: [],
  hold: [],
  release: [],
  refuse: ['name'],
  allow: ['name'],
  fail: [],
  hang: [],
  recover: [],
}

function expectText(name: string, value: unknown, example: string): void {
  if (typeof value !== 'string') failType(name, 'a name', value, `Pass '${example}', for instance.`)
}

function expectWrite(name: string, { table, row }: { readonly table?: unknown; readonly row?: unknown }): void {
  expectText(`${name}.table`, table, 'goals')
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    failType(`${name}.row`, 'a row', row, 'Pass { id: 1 }, for instance.')
  }
}

function expectStep(name: string, step: unknown): void {
  if (typeof step !== 'object' || step === null) {
    failType(name, 'a step { afterMs, do, … }', step, "Pass { afterMs: 0, do: 'drop' }, for instance.")
  }
  // Only their names are relied on.
  const one = step as { readonly [Field in string]: unknown }
  const action = expectOneOf(`${name}.do`, one['do'], Object.keys(fields) as TestAction['do'][])
  expectOptions(name, step, ['afterMs', 'do', ...fields[action]])
  expectDelay(`${name}.afterMs`, one['afterMs'])
  if (action === 'commit') {
    expectWrite(name, one)
    if (one['truncated'] !== undefined) expectBoolean(`${name}.truncated`, one['truncated'])
  } else if (action === 'transaction') {
    const { changes } = one
    if (!Array.isArray(changes)) {
      failType(`${name}.changes`, 'a list of { table, row }', changes, 'Pass [] for none.')
    }
    for (const [index, change] of (changes as unknown[]).entries()) {
      expectOptions(`${name}.changes[${index}]`, change, ['table', 'row'])
      expectWrite(`${name}.changes[${index}]`, change as object)
    }
  } else if (action === 'remove') {
    expectText(`${name}.table`, one['table'], 'goals')
    if (one['id'] === undefined) failType(`${name}.id`, 'the id of a row', undefined, 'Name the row that is deleted.')
  } else if (fields[action].length > 0) expectText(`${name}.name`, one['name'], 'goals')
}

/**
 * Expects traces to be lists of steps as there are.
 *
 * @throws TypeError or RangeError that names the trace and step, before anything has been played or printed.
 */
export function expectTraces(traces: readonly TestTrace[]): void {
  for (const [index, trace] of traces.entries()) {
    const name = `traces[${index}]`
    if (!Array.isArray(trace)) {
      failType(name, 'a list of steps', trace, "Pass what arbitraryStorm makes up, or [{ afterMs: 0, do: 'drop' }].")
    }
    for (const [at, step] of trace.entries()) expectStep(`${name}[${at}]`, step)
  }
}

/** The rows that a step names. */
export function rowsOfStep(step: TestStep): readonly { readonly table: string; readonly row: unknown }[] {
  switch (step.do) {
    case 'commit':
      return [step]
    case 'remove':
      return [{ table: step.table, row: step.id }]
    case 'transaction':
      return step.changes
    default:
      return []
  }
}
