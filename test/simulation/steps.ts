import { hydrate, onlineManager } from '@tanstack/react-query'
import { resolveStrategy } from '../../src/machines/registry.ts'
import { strategies } from '../../src/machines/strategies.ts'
import { advance, drain } from '../support/simulatedTime.ts'
import { poolQuery } from './app.ts'
import { pool } from './pool.ts'
import type { Run } from './run.ts'
import type { Step } from './trace.ts'

/** Steps that tell the coalescer something, at which it looks whether the page is hidden. */
const telling: ReadonlySet<Step['do']> = new Set(['invalidate', 'change', 'flush', 'reset', 'switch'])

/** Lets one step of a trace happen. */
export async function takeStep(run: Run, step: Step): Promise<void> {
  if (telling.has(step.do)) run.visibility.told()
  await happen(run, step)
}

async function happen(run: Run, step: Step): Promise<void> {
  const { app, coalescer, feed, invariants, oracle } = run
  switch (step.do) {
    case 'invalidate':
      feed.invalidate(step)
      break
    case 'refetch':
      feed.refetch(step)
      break
    case 'change':
      feed.change(step)
      break
    case 'clientInvalidate':
    case 'clientRefetch':
      feed.callClient(step)
      break
    case 'reenter':
      feed.reentries.push(step)
      break
    case 'mount':
      app.mount(step.query)
      run.touch(step.query)
      break
    case 'unmount':
      app.unmount(step.query)
      run.touch(step.query)
      break
    case 'toggle':
      app.toggle(step.query)
      run.touch(step.query)
      break
    case 'remove':
      app.queryClient.removeQueries({ queryKey: poolQuery(step.query).queryKey, exact: true })
      run.touch(step.query)
      break
    case 'cancel':
      run.mutations.touch(step.query)
      void app.queryClient.cancelQueries({ queryKey: poolQuery(step.query).queryKey, exact: true })
      run.touch(step.query)
      break
    case 'appRefetch':
      app.refetch(step.query)
      run.touch(step.query)
      break
    case 'nextPage':
      app.nextPage(step.query)
      run.touch(step.query)
      break
    case 'clear':
      app.queryClient.clear()
      for (const index of pool.keys()) run.touch(index)
      break
    case 'hide':
    case 'unhide':
      run.setVisible(step.do === 'unhide')
      break
    case 'mutate':
      run.mutations.begin(step)
      break
    case 'foreignState':
      // The tabs of a browser are offline together.
      if (!onlineManager.isOnline()) break
      // Which of the two answers is newer, nobody knows without a fetch.
      oracle.putIn(step.query, run.tick())
      run.elsewhere(() => app.putState(step.query, step))
      break
    case 'hydrate': {
      // Paused, it cannot be told from a fetch of the app's own before it resumes, which a stop does not wait for.
      if (poolQuery(step.query).kind !== 'plain' || !onlineManager.isOnline()) break
      const state = await app.hydrate(step.query, step.latencyMs)
      run.touch(step.query)
      // When its request has started, nobody knows.
      oracle.putIn(step.query, run.tick())
      run.elsewhere(() => hydrate(app.queryClient, state))
      break
    }
    case 'restore':
      run.restore()
      break
    case 'hang':
    case 'unhang':
      app.server.hangs = () => step.do === 'hang'
      break
    case 'hideSilently':
    case 'showSilently':
      run.disturbances += 1
      run.visibility.turnSilently(step.do === 'hideSilently')
      break
    case 'offline':
    case 'online':
      run.disturbances += 1
      run.mutations.wentOnline()
      onlineManager.setOnline(step.do === 'online')
      break
    case 'serverDown':
    case 'serverUp':
      app.isServerUp = step.do === 'serverUp'
      break
    case 'flush':
      feed.watch('flush', new Set(oracle.pending.keys()), () => coalescer.flush())
      break
    case 'settled':
      feed.watch('settled', 'all', () => coalescer.settled())
      break
    case 'reset':
      run.disturbances += 1
      oracle.reset()
      invariants.isResetting = true
      coalescer.reset()
      invariants.isResetting = false
      break
    case 'switch':
      run.timing = resolveStrategy(strategies, step.strategy, run.trace.config.timing)
      oracle.timingChanged(run.maxWaitMs)
      coalescer.switchStrategy(step.strategy)
      break
    case 'drain':
      await drain()
      invariants.drained()
      break
    case 'wait':
      await advance(step.ms)
      if (step.ms > 0) invariants.waited()
      invariants.drained()
      break
  }
}
