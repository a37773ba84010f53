import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import type { ClickResult } from '../../../demo/shared/playClick.ts'
import { until } from '../../../demo/shared/until.ts'

const root = join(import.meta.dirname, '../../..')

interface Command {
  readonly child: ChildProcessByStdio<null, Readable, Readable>
  output(): string
  errors(): string
  /** Its exit code. */
  ended: Promise<number | null>
}

const running = new Set<Command>()

/** Runs a script of the demo, as `npm start` does: without the `tsx` command, which kills what does not end at once. */
function run(script: string, args: readonly string[] = [], env: Record<string, string> = {}): Command {
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, script), ...args], {
    cwd: root,
    env: { ...process.env, NODE_ENV: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: string[] = []
  const errors: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => chunks.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  const command: Command = {
    child,
    output: () => chunks.join(''),
    errors: () => errors.join(''),
    ended: once(child, 'close').then(([code]) => {
      running.delete(command)
      return code as number | null
    }),
  }
  running.add(command)
  return command
}

afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all([...running].map(({ ended }) => ended))
})

describe('npm run storm', () => {
  it('prints the results as JSON for machines, of the scenarios and strategies asked for', async () => {
    const command = run('demo/storm.ts', [
      '--json',
      '--scenario',
      'a',
      '--strategy',
      'debounce',
      '--strategy',
      'direct',
    ])
    expect(await command.ended).toBe(0)
    const results = JSON.parse(command.output()) as { strategy: string; requests: Record<string, number> }[]
    const ofMotivation = results.map(({ strategy, requests }) => [
      strategy,
      requests['GET /api/daily-motivations/today'],
    ])
    expect(ofMotivation).toEqual([
      ['direct', 2],
      ['debounce', 1],
    ])
  })

  it('counts the requests of one click beside plain TanStack Query, as README tells them', async () => {
    const command = run('demo/storm.ts', ['--json', '--scenario', 'click', '--strategy', 'adaptive'])
    expect(await command.ended).toBe(0)
    const results = JSON.parse(command.output()) as ClickResult[]
    const figures = (results: readonly ClickResult[]) =>
      results.map(({ way, requests, changes }) => ({ way, requests, changes }))
    const recorded = JSON.parse(await readFile(join(root, 'docs/images/storm.json'), 'utf8')) as ClickResult[]
    const isPlayed = ({ scenario, way }: ClickResult) => scenario === 'click' && ['plain', 'adaptive'].includes(way)
    expect(figures(results)).toEqual(figures(recorded.filter(isPlayed)))
  })

  it('says what was expected when it is asked for what it does not know', async () => {
    const command = run('demo/storm.ts', ['--scenario', 'z'])
    expect(await command.ended).toBe(1)
    expect(command.errors()).toContain('Expected --scenario to be one of a, b, c, d, click, got `z`.')
  })
})

describe('npm start', () => {
  it('serves page and API on the next free port, and ends cleanly on SIGTERM', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const { port } = blocker.address() as AddressInfo
    const command = run('demo/start.ts', [], { PORT: String(port) })
    try {
      await until(() => command.output().includes('Ctrl+C stops it.'), 'the demo to start', 60_000)
      expect(command.output()).toContain(`Port ${port} is taken, trying ${port + 1}.`)
      const url = /http:\S+/.exec(command.output())?.[0] ?? ''
      const html = await (await fetch(url)).text()
      const script = /src="(\/assets\/[^"]+)"/.exec(html)?.[1] ?? ''
      expect((await fetch(url + script)).status).toBe(200)
      expect(await (await fetch(`${url}/config.json`)).json()).toMatchObject({ url, supabaseUrl: url })
      expect(await (await fetch(`${url}/api/goals`)).json()).toMatchObject({ data: [{ id: 1 }, { id: 2 }, { id: 3 }] })
      expect((await fetch(`${url}/no-such-file`)).status).toBe(404)
      command.child.kill('SIGTERM')
      expect(await command.ended).toBe(0)
    } finally {
      blocker.close()
    }
  })

  it.each([
    ['a port that is none', { PORT: 'http' }, 'Expected PORT to be a port number from 0 to 65535, got `http`.'],
    ['half a real project', { SUPABASE_URL: 'https://project.example' }, 'Set all three, or none'],
  ])('refuses %s', async (_, env, message) => {
    const command = run('demo/start.ts', [], env)
    expect(await command.ended).toBe(1)
    expect(command.errors()).toContain(message)
  })
})
