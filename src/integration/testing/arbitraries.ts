import type fastCheck from 'fast-check'
import { expectBoolean, expectCount, expectDelay, failType } from '../../actions/validate.ts'
import { expectByTable, expectNames, expectOptions } from './expectations.ts'
import { type TestPrimaryKeys, primaryKeyOf } from './tableRows.ts'
import type { TestRow } from './testServer.ts'
import { type TestStep, type TestTrace, readable } from './traces.ts'

const lengths = ['maxLength', 'maxGapMs'] as const
const stormOptions = ['tables', 'rows', 'primaryKey', 'ids', 'truncates', ...lengths]

/** What is used of `fast-check`: pass the module. */
export type FastCheck = Pick<
  typeof fastCheck,
  'array' | 'boolean' | 'constant' | 'constantFrom' | 'integer' | 'oneof' | 'option' | 'record'
>

interface Lengths {
  /** The most steps of a trace. */
  readonly maxLength?: number | undefined
  /** The longest time between two steps, in milliseconds. */
  readonly maxGapMs?: number | undefined
}

/** What a storm is made of. */
export interface StormOptions extends Lengths {
  /** The tables of the app that are written to. */
  readonly tables: readonly string[]
  /** The columns of a table's rows beside its key, such as the ones of its filter. @default none */
  readonly rows?: Readonly<Record<string, fastCheck.Arbitrary<TestRow>>> | undefined
  /** The columns of a table's primary key, whose values are those of `ids`. @default ['id'] */
  readonly primaryKey?: TestPrimaryKeys | undefined
  /** The values of a column of a key are whole numbers from 1 to this. @default 4 */
  readonly ids?: number | undefined
  /** Whether rows may be too large. Turn it off for broadcast of rows, which does not tell of them. @default true */
  readonly truncates?: boolean | undefined
}

/** What can go wrong meanwhile. */
export interface FaultOptions extends Lengths {
  /** The tables and topics that may be refused. @default none */
  readonly refusable?: readonly string[] | undefined
}

function expectLengths({ maxLength = 1, maxGapMs = 0 }: Lengths): void {
  expectCount('maxLength', maxLength)
  expectDelay('maxGapMs', maxGapMs)
}

/** A trace of steps, each of which shrinks away wherever it stands; an array would keep its last ones. */
function traceOf(
  fc: FastCheck,
  step: fastCheck.Arbitrary<TestStep>,
  maxLength: number,
): fastCheck.Arbitrary<TestTrace> {
  return fc
    .array(fc.option(step, { nil: undefined, freq: 20 }), { maxLength })
    .map((steps) => readable(steps.filter((one) => one !== undefined)))
}

const expectFastCheck = (fc: FastCheck): void => {
  if (typeof fc?.oneof !== 'function') failType('fc', 'the module `fast-check`', fc, "Pass what 'fast-check' exports.")
}

/**
 * Arbitrary writes to the tables of an app, for `playStorm`: rows that come, change and go, in bursts and one by one,
 * alone and in transactions. Shrinks to fewer, earlier and plainer steps, and prints as code.
 *
 * @throws TypeError without `fast-check` or tables, TypeError or RangeError for a bad option.
 */
export function arbitraryStorm(fc: FastCheck, options: StormOptions): fastCheck.Arbitrary<TestTrace> {
  expectFastCheck(fc)
  expectOptions('arbitraryStorm()', options, stormOptions)
  const { tables, rows = {}, primaryKey = {}, ids = 4, truncates = true, maxLength = 20, maxGapMs = 2000 } = options
  if (expectNames('tables', tables).length === 0) failType('tables', 'names of tables', tables, 'Name some.')
  expectLengths(options)
  expectCount('ids', ids)
  expectBoolean('truncates', truncates)
  for (const [name, byTable] of Object.entries({ rows, primaryKey })) {
    expectByTable(name, byTable)
    const other = Object.keys(byTable).find((table) => !tables.includes(table))
    if (other !== undefined) failType(name, `for ${tables.join(', ')}`, other, 'Name one of `tables`.')
  }
  const keyOf = (table: string): fastCheck.Arbitrary<TestRow> =>
    fc.record(
      Object.fromEntries(primaryKeyOf(primaryKey, table).map((column) => [column, fc.integer({ min: 1, max: ids })])),
    )
  // Bursts are what a coalescer is for.
  const afterMs = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: maxGapMs }))
  const written = fc.oneof(
    ...tables.map((table) =>
      fc
        .record({ key: keyOf(table), columns: rows[table] ?? fc.constant({}) })
        .map(({ key, columns }) => ({ table, row: { ...columns, ...key } as TestRow })),
    ),
  )
  const commit = fc
    .record({ afterMs, written, isTruncated: truncates ? fc.boolean() : fc.constant(false) })
    .map(({ afterMs, written, isTruncated }): TestStep => {
      return { afterMs, do: 'commit', ...written, ...(isTruncated && { truncated: true }) }
    })
  const removed = fc.oneof(
    ...tables.map((table) => keyOf(table).map((key) => ({ table, id: primaryKey[table] ? key : key['id'] }))),
  )
  const remove = fc
    .record({ afterMs, removed })
    .map(({ afterMs, removed }): TestStep => ({ afterMs, do: 'remove', ...removed }))
  const transaction = fc.record({
    afterMs,
    do: fc.constant('transaction' as const),
    changes: fc.array(written, { minLength: 1, maxLength: 4 }),
  })
  const step = fc.oneof<fastCheck.Arbitrary<TestStep>[]>(commit, commit, remove, transaction)
  return traceOf(fc, step, maxLength)
}

/**
 * Arbitrary faults of a feed and a server, for `playStorm` beside a storm: gaps, expired tokens, changes told twice or
 * late, refusals, requests that fail or hang.
 *
 * @throws TypeError without `fast-check`, TypeError or RangeError for a bad option.
 */
export function arbitraryFaults(fc: FastCheck, options: FaultOptions = {}): fastCheck.Arbitrary<TestTrace> {
  expectFastCheck(fc)
  expectOptions('arbitraryFaults()', options, ['refusable', ...lengths])
  const { refusable = [], maxLength = 6, maxGapMs = 5000 } = options
  expectNames('refusable', refusable)
  expectLengths(options)
  const afterMs = fc.integer({ min: 0, max: maxGapMs })
  const kinds = ['drop', 'rejoin', 'expire', 'duplicate', 'hold', 'release', 'fail', 'hang', 'recover'] as const
  const plain = fc.record({ afterMs, do: fc.constantFrom(...kinds) })
  const step =
    refusable.length === 0
      ? plain
      : fc.oneof<fastCheck.Arbitrary<TestStep>[]>(
          plain,
          plain,
          fc.record({
            afterMs,
            do: fc.constantFrom('refuse' as const, 'allow' as const),
            name: fc.constantFrom(...refusable),
          }),
        )
  return traceOf(fc, step, maxLength)
}
