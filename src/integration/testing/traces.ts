import { expectTraces } from './expectTraces.ts'
import type { TestRow } from './testServer.ts'

/** Something that happens to an app under test. */
export type TestAction =
  /** A row is written; `truncated`: it is too large to be told whole. */
  | { readonly do: 'commit'; readonly table: string; readonly row: TestRow; readonly truncated?: true }
  /** A row is deleted, if there is one. */
  | { readonly do: 'remove'; readonly table: string; readonly id: unknown }
  /** Rows are written at one moment of commit. */
  | {
      readonly do: 'transaction'
      readonly changes: readonly { readonly table: string; readonly row: TestRow }[]
    }
  /** The last commit is told again; the connection is cut, or comes back; the channels are closed. */
  | { readonly do: 'duplicate' | 'drop' | 'rejoin' | 'expire' }
  /** What is told from now on stays under way; it arrives, channels in turn. */
  | { readonly do: 'hold' | 'release' }
  /** A table or topic is refused, or let in again. */
  | { readonly do: 'refuse' | 'allow'; readonly name: string }
  /** Requests fail, or never end, from now on; they work again. */
  | { readonly do: 'fail' | 'hang' | 'recover' }

/** An action, and how long after the one before it comes. */
export type TestStep = TestAction & { readonly afterMs: number }

/** What happens to an app, in order. */
export type TestTrace = readonly TestStep[]

const isName = (text: string): boolean => /^[A-Za-z_$][\w$]*$/.test(text)
const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

const printText = (text: string): string =>
  isPlain(text) ? `'${text.replaceAll(/[\\']/g, '\\$&')}'` : JSON.stringify(text)

// As a plain name it would set the prototype.
const printName = (name: string): string =>
  name === '__proto__' ? "['__proto__']" : isName(name) ? name : printText(name)

/** A value as it is written in code. */
function print(value: unknown): string {
  if (typeof value === 'string') return printText(value)
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, one]) => `${printName(name)}: ${print(one)}`)
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
  }
  return Object.is(value, -0) ? '-0' : String(value)
}

/** A trace as the code of an array, a step a line. */
const printTrace = (trace: TestTrace): string =>
  trace.length === 0 ? '[]' : `[\n${trace.map((step) => `    ${print(step)},\n`).join('')}  ]`

/**
 * Traces as a test to paste; `start` is yours, and returns a new app that is live, with its clock.
 *
 * @throws TypeError or RangeError for what is no trace.
 */
export function printStorm(...traces: readonly TestTrace[]): string {
  expectTraces(traces)
  return `it('stays fresh', async () => {
  const { app, clock } = await start()
  await playStorm(app, clock, ${traces.map(printTrace).join(', ')})
})`
}

/** One timeline of several traces: each begins at 0, and of what falls together the first trace's comes first. */
export function mergeTraces(traces: readonly TestTrace[]): readonly (TestAction & { readonly atMs: number })[] {
  const timed = traces.flatMap((trace) => {
    let atMs = 0
    return trace.map((step) => {
      atMs += step.afterMs
      return { ...step, atMs }
    })
  })
  return timed.sort((a, b) => a.atMs - b.atMs)
}

const toStringMethod = Symbol.for('fast-check/toStringMethod')

/** A trace that fast-check prints as code. */
export function readable(steps: readonly TestStep[]): TestTrace {
  const trace = [...steps]
  Object.defineProperty(trace, toStringMethod, { value: () => printTrace(trace) })
  return trace
}
