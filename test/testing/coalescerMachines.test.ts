import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SharedWindow, createCoalescer, defineStrategy } from 'realtime-coalescer'
import { type CoalescerMachines, type ModelEvent, coalescerMachines, createTestClock } from 'realtime-coalescer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type AnyStateMachine, type AnyStateNode, createActor, createMachine } from 'xstate'
import { createTestModel, getShortestPaths, toDirectedGraph } from 'xstate/graph'
import { root, run } from '../../scripts/support/run.ts'
import { createDirectory, removeDirectory } from '../../scripts/support/tarball.ts'
import { chartsOf } from '../../src/machines/charts.ts'
import { connectionMachine } from '../../src/machines/connection.ts'
import type { ConnectionEvent, ConnectionPort } from '../../src/machines/connectionSetup.ts'
import { feedMachine } from '../../src/machines/feed.ts'
import { strategies } from '../../src/machines/strategies.ts'
import { surroundingsMachine } from '../../src/machines/surroundings.ts'
import { tabsMachine } from '../../src/machines/tabs.ts'

const { orchestrator, strategies: machines } = chartsOf(strategies)
const real: Readonly<Record<string, AnyStateMachine>> = {
  ...machines,
  orchestrator,
  surroundings: surroundingsMachine,
  feed: feedMachine,
  connection: connectionMachine,
  tabs: tabsMachine,
}
const charts: CoalescerMachines = coalescerMachines()

const idsOf = (node: AnyStateNode): string[] => [node.id, ...Object.values(node.states).flatMap(idsOf)]
const pathsOf = ({ machine, events }: { machine: AnyStateMachine; events: readonly ModelEvent[] }) =>
  getShortestPaths(machine, { events: events as never })

it('has every chart', () => {
  expect(Object.keys(charts).sort()).toEqual(Object.keys(real).sort())
})

describe.each(Object.entries(charts))('%s', (name, { json, machine, events }) => {
  it('as JSON has the states and events of the chart', () => {
    expect(JSON.parse(JSON.stringify(json))).toEqual(json)
    const rebuilt = createMachine(json as Parameters<typeof createMachine>[0])
    expect(idsOf(rebuilt.root)).toEqual(idsOf(real[name]!.root))
    expect(rebuilt.events).toEqual(real[name]!.events)
    expect(toDirectedGraph(rebuilt).children.length).toBeGreaterThan(0)
  })

  it('as a machine leads to every state on a shortest path', () => {
    const reached = new Set(
      pathsOf({ machine, events }).flatMap(({ state }) => state._nodes.map(({ id }: AnyStateNode) => id)),
    )
    // States that are left again in the step that enters them are in no path.
    const passing = idsOf(machine.root).filter((id) => id.endsWith('arriving'))
    expect(idsOf(machine.root).filter((id) => !reached.has(id))).toEqual(passing)
  })

  it('is a model that xstate takes for tests', () => {
    const model = createTestModel(machine, { serializeTransition: () => '' })
    expect(model.getShortestPaths({ events: events as never }).length).toBeGreaterThan(1)
  })
})

it('`npm run machines` writes each chart as JSON', async () => {
  const folder = await createDirectory('machines')
  onTestFinished(() => removeDirectory(folder))
  await run(root, 'npx', 'tsx', 'scripts/machines.ts', folder)
  expect((await readdir(folder)).sort()).toEqual(
    Object.keys(charts)
      .map((name) => `${name}.json`)
      .sort(),
  )
  expect(JSON.parse(await readFile(join(folder, 'connection.json'), 'utf8'))).toEqual(charts.connection.json)
})

it('gives charts of the strategies of an app', () => {
  const calm = defineStrategy({ windows: (port) => new SharedWindow(port), quietMs: 300 })
  const { calm: chart, orchestrator: over } = coalescerMachines({ calm })
  expect(chart?.json['id']).toBe('calm')
  expect(over.json).toHaveProperty('states.strategy.states.calm')
  expect(() => coalescerMachines({ calm: {} as typeof calm })).toThrow('strategies.calm')
})

it('the logic of the actor is the orchestrator', () => {
  const coalescer = createCoalescer()
  expect(coalescer.actor.logic.root.id).toBe('coalescer')
  coalescer.stop()
})

describe('the model of the connection', () => {
  const { machine, events } = charts.connection
  const delays: Readonly<Record<string, number>> = {
    authorizeTimeout: 10_000,
    joinTimeout: 30_000,
    attachTimeout: 30_000,
    readyTimeout: 2_000,
    deniedTime: 60_000,
    tokenCheck: 1_000,
    probe: 10_000,
    reopenDelay: 60_000,
  }

  /** A real connection, whose port answers as the last event of the model says. */
  function createConnection() {
    const clock = createTestClock()
    let is: readonly string[] = []
    let authorized: { resolve(): void; reject(error: Error): void } | undefined
    const port = {
      get mayAttachSilently() {
        return is.includes('mayAttachSilently')
      },
      authorize: () => new Promise<void>((resolve, reject) => (authorized = { resolve, reject })),
      hasNewToken: () => is.includes('hasNewToken'),
      isJoined: () => is.includes('isJoined'),
      lookAround: () => undefined,
      refreshToken: () => undefined,
      openChannel: () => undefined,
      removeChannel: () => undefined,
      gapPassed: () => undefined,
      attachedLate: () => undefined,
      report: () => undefined,
    } satisfies ConnectionPort
    const actor = createActor(connectionMachine, { input: { port }, clock }).start()
    return {
      value: () => actor.getSnapshot().value,
      async take(event: ModelEvent): Promise<void> {
        is = event.is
        const [kind, what = ''] = event.type.split(' ')
        if (kind === 'after') await clock.advance(delays[what] ?? Number.NaN)
        else if (kind === 'done') authorized?.resolve()
        else if (kind === 'error') authorized?.reject(new Error('no token'))
        else actor.send({ type: event.type, isRenewal: !is.includes('hidesGap') } as unknown as ConnectionEvent)
        await clock.advance(0)
      },
    }
  }

  it('is followed by a real connection, on every shortest path', async () => {
    const paths = pathsOf({ machine, events })
    expect(paths.length).toBe(10)
    for (const { steps } of paths) {
      const connection = createConnection()
      for (const { event, state } of steps.slice(1)) {
        await connection.take(event as unknown as ModelEvent)
        expect([event, connection.value()]).toEqual([event, state.value])
      }
    }
  })
})
