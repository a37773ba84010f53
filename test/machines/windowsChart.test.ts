import { describe, expect, it } from 'vitest'
import { SimulatedClock, createActor, initialTransition, transition } from 'xstate'
import { createGate } from '../../src/actions/gate.ts'
import { PendingQueue } from '../../src/actions/pendingQueue.ts'
import { defaultTiming } from '../../src/actions/timing.ts'
import { wantsFor } from '../../src/actions/wants.ts'
import { SharedWindow } from '../../src/actions/windows/sharedWindow.ts'
import type { StrategyPort, Windows } from '../../src/actions/windows/windows.ts'
import type { StrategyEvent, StrategyReport } from '../../src/machines/strategy.ts'
import { strategies, strategyNames } from '../../src/machines/strategies.ts'
import { createWindowsMachine } from '../../src/machines/windowsChart.ts'

function setup() {
  const clock = new SimulatedClock()
  const queue = new PendingQueue({ value: 0 }, String)
  const port: StrategyPort = {
    queue,
    timing: { ...defaultTiming, quietMs: 50, maxWaitMs: 200, leading: false },
    gate: createGate(),
    now: () => clock.now(),
    isHeld: () => false,
    rootOf: ([root]: readonly unknown[]) => root,
  }
  const add = (name: string): readonly string[] => [
    queue.add(queue.idOf([name], false), [name], wantsFor.active, clock.now(), false, undefined).id,
  ]
  const reports: StrategyReport[] = []
  // A strategy needs no more of its parent than that it can be sent to.
  const parentRef = { send: (report: StrategyReport) => void reports.push(report), _send: () => undefined } as never
  return { clock, queue, port, add, reports, input: { port, parentRef } }
}

const stateOf = ({ queue, port }: ReturnType<typeof setup>): string =>
  JSON.stringify([[...queue.keys.values()], queue.changes, queue.eventsReceived, port.gate])

describe.each(strategyNames)('%s', (name) => {
  it('may be asked what it would do, at any state, without doing it', () => {
    const world = setup()
    const machine = strategies[name].machineFor(name)
    world.add('a')
    let [snapshot] = initialTransition(machine, world.input)
    const before = stateOf(world)
    const events: StrategyEvent[] = [
      { type: 'PENDING', keyIds: ['a,'], urgent: false },
      { type: 'PENDING', keyIds: ['a,'], urgent: true },
      { type: 'FLUSH', reason: 'manual' },
      { type: 'FLUSHED', marked: 1 },
    ]
    for (const at of [0, 50, 1000]) {
      world.clock.set(at)
      for (const event of events) {
        snapshot.can(event)
        transition(machine, snapshot, event)
        ;[snapshot] = transition(machine, snapshot, event)
      }
    }
    expect(stateOf(world)).toBe(before)
    expect(world.queue.watcher).toBeUndefined()
    expect(world.reports).toEqual([])
  })
})

describe('a rule that sees an event pass by', () => {
  it('has the chart look at once, by closing the gate', () => {
    const world = setup()
    let urgentAtMs = Infinity
    const createWindows = (port: StrategyPort): Windows => {
      const shared = new SharedWindow(port)
      return Object.assign(shared, {
        untilNext: () => Math.min(urgentAtMs, 50) - port.now(),
        noteEvent() {
          if (urgentAtMs < Infinity) port.gate.open = false
        },
      })
    }
    const machine = createWindowsMachine({ id: 'own', description: 'A test.', windows: createWindows })
    const actor = createActor(machine, { input: world.input, clock: world.clock }).start()
    const delays = () =>
      Object.values(actor.system.getSnapshot()._scheduledEvents ?? {}).map((scheduled) => scheduled.delay)
    actor.send({ type: 'PENDING', keyIds: world.add('a'), urgent: false })
    expect([world.port.gate.open, delays()]).toEqual([true, [50]])
    urgentAtMs = 20
    world.add('b')
    expect(world.port.gate.open).toBe(false)
    actor.send({ type: 'PENDING', keyIds: [], urgent: false })
    expect([world.port.gate.open, delays()]).toEqual([true, [20]])
    actor.stop()
  })
})
