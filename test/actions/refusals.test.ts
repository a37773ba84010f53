import { describe, expect, it } from 'vitest'
import { readChange } from '../../src/actions/changePayload.ts'
import { resolveEffects } from '../../src/actions/effects.ts'
import { identifyKey } from '../../src/actions/queryKeys.ts'
import {
  expectBoolean,
  expectCount,
  expectDelay,
  expectFunction,
  expectOneOf,
  expectQueryKey,
  expectQueryKeys,
  failType,
  show,
} from '../../src/actions/validate.ts'
import { changeOf } from '../support/changeOf.ts'
import { helpOf } from '../support/help.ts'

const change = changeOf('goals')

const payload = { ...change, commit_timestamp: null }

it.each<[string, unknown, string, string]>([
  ['nothing', undefined, 'effects', 'undefined'],
  ['null', null, 'effects', 'null'],
  ['a number', 7, 'effects', '7'],
  ['a list of effects', [], 'effects', '[]'],
  ['a promise of effects', Promise.resolve({}), 'effects', '{}'],
  ['an effect by a wrong name', { invalidates: [] }, 'effects', '{"invalidates":[]}'],
  ['keys that are no list', { invalidate: 'goals' }, 'invalidate', "'goals'"],
  ['a key that is no array', { invalidate: ['goals'] }, 'invalidate[]', "'goals'"],
  ['refetches that are no list', { refetch: 'goals' }, 'refetch', "'goals'"],
  ['a refetch that is no key', { refetch: ['goals'] }, 'refetch[]', "'goals'"],
  ['a refetch that is null', { refetch: [null] }, 'refetch[]', 'null'],
  ['a refetch without a key', { refetch: [{ type: 'all' }] }, 'refetch[].queryKey', 'undefined'],
  ['a refetch of an unknown type', { refetch: [{ queryKey: ['a'], type: 7 }] }, 'refetch[].type', '7'],
  ['patches that are no list', { patch: {} }, 'patch', '{}'],
  ['a patch that is no object', { patch: ['goals'] }, 'patch[]', "'goals'"],
  ['a patch that is null', { patch: [null] }, 'patch[]', 'null'],
  ['a patch without a key', { patch: [{ update: () => 1 }] }, 'patch[].queryKey', 'undefined'],
  ['a patch without an update', { patch: [{ queryKey: ['a'] }] }, 'patch[].update', 'undefined'],
  ['cancels that are no list', { cancel: 'goals' }, 'cancel', "'goals'"],
  ['a cancel that is no key', { cancel: [7] }, 'cancel[]', '7'],
])('a handler that returns %s is refused with help', (_, effects, name, came) => {
  expect(helpOf(() => resolveEffects(() => effects as never, change))).toEqual({ error: 'TypeError', name, came })
})

it.each<[string, unknown, string, string]>([
  ['nothing', undefined, 'payload', 'undefined'],
  ['null', null, 'payload', 'null'],
  ['text', 'INSERT', 'payload', "'INSERT'"],
  ['no event type', { ...payload, eventType: undefined }, 'payload.eventType', 'undefined'],
  ['an unknown event type', { ...payload, eventType: 'TRUNCATE' }, 'payload.eventType', "'TRUNCATE'"],
  ['no schema', { ...payload, schema: undefined }, 'payload.schema', 'undefined'],
  ['an empty schema', { ...payload, schema: '' }, 'payload.schema', "''"],
  ['a table without a name', { ...payload, table: '' }, 'payload.table', "''"],
  ['a table that is a number', { ...payload, table: 7 }, 'payload.table', '7'],
  ['a row that is text', { ...payload, new: 'row' }, 'payload.new', "'row'"],
  ['a row that is a list', { ...payload, new: [1] }, 'payload.new', '[1]'],
  ['an old row that is text', { ...payload, old: 'row' }, 'payload.old', "'row'"],
  ['a commit time that is a number', { ...payload, commit_timestamp: 7 }, 'payload.commit_timestamp', '7'],
  ['errors that are a number', { ...payload, errors: 7 }, 'payload.errors', '7'],
])('a payload that is or has %s is refused with help', (_, given, name, came) => {
  expect(helpOf(() => readChange(given))).toEqual({ error: 'TypeError', name, came })
})

it.each<[string, () => unknown, 'TypeError' | 'RangeError', string]>([
  ['a delay that is text', () => expectDelay('one', '5'), 'TypeError', "'5'"],
  ['a delay below 0', () => expectDelay('one', -1), 'RangeError', '-1'],
  ['a delay that is no number', () => expectDelay('one', Number.NaN), 'RangeError', 'NaN'],
  ['a delay no timer can hold', () => expectDelay('one', 2 ** 31), 'RangeError', '2147483648'],
  ['a count that is text', () => expectCount('one', '5'), 'TypeError', "'5'"],
  ['a count of 0', () => expectCount('one', 0), 'RangeError', '0'],
  ['a broken count', () => expectCount('one', 1.5, true), 'RangeError', '1.5'],
  ['an infinite count where it must end', () => expectCount('one', Infinity), 'RangeError', 'Infinity'],
  ['an infinitely small count', () => expectCount('one', -Infinity, true), 'RangeError', '-Infinity'],
  ['text for a boolean', () => expectBoolean('one', 'yes'), 'TypeError', "'yes'"],
  ['a function by name', () => expectFunction('one', 'run'), 'TypeError', "'run'"],
  ['a name that is not on the list', () => expectOneOf('one', 'c', ['a', 'b']), 'RangeError', "'c'"],
  ['a number for a name', () => expectOneOf('one', 7, ['a', 'b']), 'TypeError', '7'],
  ['a key that is text', () => expectQueryKey('goals', 'one'), 'TypeError', "'goals'"],
  ['keys that are text', () => expectQueryKeys('goals', 'one'), 'TypeError', "'goals'"],
])('%s is refused with help', (_, run, error, came) => {
  expect(helpOf(run)).toEqual({ error, name: 'one', came })
})

describe('what is expected', () => {
  it('are all the names of a list', () => {
    expect(() => expectOneOf('one', 'c', ['a', 'b'])).toThrow("to be one of 'a', 'b', got")
    expect(() => expectOneOf('one', 7, ['a', 'b'])).toThrow("to be one of 'a', 'b', got")
  })

  it('may be Infinity only where that is told', () => {
    expect(expectCount('one', Infinity, true)).toBe(Infinity)
    expect(() => expectCount('one', 0, true)).toThrow('at least 1 or Infinity, got')
    expect(() => expectCount('one', 0)).toThrow('at least 1, got')
  })

  it('goes from 0 to the longest timer', () => {
    expect(() => expectDelay('one', -1)).toThrow('from 0 to 2147483647 milliseconds')
    expect(() => expectDelay('one', '5')).toThrow('from 0 to 2147483647.')
    expect([expectDelay('one', 0), expectDelay('one', 2 ** 31 - 1)]).toEqual([0, 2 ** 31 - 1])
  })

  it('is told what to pass: less where it is too long, 0 or more where it is negative or no number', () => {
    expect(() => expectDelay('one', 2 ** 31)).toThrow('Pass a smaller number')
    for (const delay of [-1, Number.NaN]) expect(() => expectDelay('one', delay)).toThrow(/Pass 0 or more\.$/)
  })

  it('is a query key, by that name unless told otherwise', () => {
    expect(() => expectQueryKey('goals')).toThrow('Expected `queryKey` to be')
    expect(expectQueryKeys([['a'], ['b']], 'one')).toEqual([['a'], ['b']])
  })
})

describe('what came', () => {
  it.each<[unknown, string, string]>([
    ['a', "'a'", 'string'],
    ['x'.repeat(80), `'${'x'.repeat(80)}'`, 'string'],
    ['x'.repeat(81), `'${'x'.repeat(80)}…'`, 'string'],
    [7, '7', 'number'],
    [null, 'null', 'null'],
    [undefined, 'undefined', 'undefined'],
    [['a'], '["a"]', 'array'],
    [{ a: 1 }, '{"a":1}', 'object'],
    [['x'.repeat(76)], `["${'x'.repeat(76)}"]`, 'array'],
    [['x'.repeat(77)], `["${'x'.repeat(77)}"…`, 'array'],
    [() => 1, 'a function', 'function'],
    [Symbol('a'), 'Symbol(a)', 'symbol'],
    [7n, '7', 'bigint'],
    [{ big: 7n }, '[object Object]', 'object'],
  ])('is shown: %o', (value, text, kind) => {
    expect(show(value)).toBe(text)
    expect(() => failType('one', 'another', value)).toThrow(
      new TypeError(`Expected \`one\` to be another, got ${text} (${kind}).`),
    )
  })
})

it('a key that refers to itself is refused with help', () => {
  const circular: unknown[] = []
  circular.push(circular)
  expect(() => identifyKey(circular)).toThrow(/100 levels deep, got .+ refers to itself\. Use .+\.$/)
})
