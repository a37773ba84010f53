import { readFileSync } from 'node:fs'
import { createMachine } from 'xstate'
import { expect, it } from 'vitest'
import { statechartsPath, writeStatecharts } from '../../scripts/statecharts.ts'
import { activeStates, readMachine } from '../../src/integration/devtools/chart/machineChart.ts'
import { chartToMermaid } from '../../src/integration/devtools/chart/mermaid.ts'

it('docs/statecharts.md is what the machines say; `npx tsx scripts/statecharts.ts` writes it', () => {
  expect(readFileSync(statechartsPath, 'utf8')).toBe(writeStatecharts())
})

const machine = createMachine({
  id: 'door',
  description: 'A door.',
  initial: 'shut',
  on: { KNOCK: { actions: 'listen' }, SLAM: '.shut' },
  states: {
    shut: {
      description: 'Nobody passes.',
      on: { OPEN: [{ guard: 'hasKey', target: 'open' }, { target: 'open.ajar' }] },
    },
    open: {
      initial: 'ajar',
      always: { guard: { type: 'isWindy', params: { force: 7 } }, target: 'shut' },
      after: { patience: 'shut' },
      invoke: { id: 'hinge', src: 'hinge', onError: 'shut' },
      states: { ajar: { on: { PUSH: 'wide' } }, wide: { invoke: { src: 'draught', onDone: 'ajar' } } },
    },
  },
})

it('draws states, nesting, starts, guards, delays, conditions and invocations', () => {
  expect(chartToMermaid(readMachine(machine)).map(({ mermaid }) => mermaid)).toEqual([
    `stateDiagram-v2
  direction LR
  state "any state" as anyIn_door
  state "shut" as door_shut
  state "open" as door_open {
    state "ajar" as door_open_ajar
    state "wide" as door_open_wide
    [*] --> door_open_ajar
  }
  [*] --> door_shut
  anyIn_door --> door_shut : SLAM
  door_shut --> door_open : OPEN [hasKey]
  door_shut --> door_open_ajar : OPEN
  door_open --> door_shut : [isWindy 7]<br/>error of hinge<br/>after patience
  door_open_ajar --> door_open_wide : PUSH
  door_open_wide --> door_open_ajar : done of draught
`,
  ])
})

it('draws the regions of a parallel machine apart, unless a transition crosses them', () => {
  const region = { initial: 'off', states: { off: { on: { GO: 'on' } }, on: {} } }
  const apart = chartToMermaid(
    readMachine(createMachine({ id: 'm', type: 'parallel', states: { a: region, b: region } })),
  )
  expect(apart.map((diagram) => diagram.region)).toEqual(['a', 'b'])
  expect(apart[1]?.mermaid).toBe(`stateDiagram-v2
  direction LR
  state "off" as m_b_off
  state "on" as m_b_on
  [*] --> m_b_off
  m_b_off --> m_b_on : GO
`)
  const crossing = { ...region, on: { JUMP: '#m.a.on' } }
  const whole = chartToMermaid(
    readMachine(createMachine({ id: 'm', type: 'parallel', states: { a: region, b: crossing } })),
  )
  expect(whole).toHaveLength(1)
  expect(whole[0]?.mermaid).toContain('m_b --> m_a_on : JUMP')
})

it('tells what a state does without leaving', () => {
  expect(readMachine(machine).reactions).toEqual([{ state: '', label: 'KNOCK', actions: ['listen'] }])
})

it('names the active states of any state value, parents included', () => {
  expect(activeStates('door', 'shut')).toEqual(['door_shut'])
  expect(activeStates('door', { open: 'ajar' })).toEqual(['door_open', 'door_open_ajar'])
  expect(activeStates('m', { a: { b: 'c' }, d: {} })).toEqual(['m_a', 'm_a_b', 'm_a_b_c', 'm_d'])
})
