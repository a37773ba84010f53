import { readFile, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { extname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../demo/server/backend.ts'
import { until } from '../../demo/shared/until.ts'
import { exampleNames, installExample } from '../../scripts/support/examples.ts'
import { run } from '../../scripts/support/run.ts'
import { createDirectory, packPackage, removeDirectory } from '../../scripts/support/tarball.ts'
import { launchBrowser } from '../browser/support/launch.ts'

let directory: string
beforeAll(async () => {
  directory = await createDirectory('examples')
  const tarball = await packPackage(directory)
  for (const name of exampleNames) await installExample(name, tarball, directory)
})

afterAll(() => removeDirectory(directory))

it('every example has a test here', () => {
  expect([...exampleNames].sort()).toEqual(['node', 'react-supabase', 'websocket'])
})

describe('examples/node', () => {
  it('is installed without React components, Supabase or an inspector', () => {
    for (const name of ['react-dom', '@supabase/supabase-js', '@statelyai/inspect']) {
      expect([name, existsSync(join(directory, 'node/node_modules', name))]).toEqual([name, false])
    }
  })

  it('needs few requests where direct needs ten, and ends fresh under every strategy', async () => {
    const printed = (await run(join(directory, 'node'), 'npm', 'start', '--silent')).trim().split('\n')
    // One, unless the machine pauses for longer than a strategy waits for the next change.
    const few = /^(\w+): [1-9] requests, fresh$/
    expect(printed.map((line) => few.exec(line)?.[1] ?? line)).toEqual([
      'direct: 10 requests, fresh',
      'debounce',
      'batch',
      'perKey',
      'hybrid',
      'adaptive',
    ])
  })
})

describe('examples/websocket', () => {
  it('answers forty messages with one request for each room, and a gap with one more', async () => {
    expect((await run(join(directory, 'websocket'), 'npm', 'start', '--silent')).trim().split('\n')).toEqual([
      '40 messages in 2 rooms: 2 requests',
      'a gap in the feed: 2 requests',
      '41 events, 38 requests saved',
    ])
  })
})

describe('examples/react-supabase', () => {
  const contentTypes: Readonly<Record<string, string>> = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.css': 'text/css',
  }

  it('builds, shows the goals of a browser live, and answers a burst of changes with one request', async () => {
    const project = join(directory, 'react-supabase')
    let requests = 0
    const page = async (request: Request): Promise<Response> => {
      const { pathname } = new URL(request.url)
      if (pathname === '/rest/v1/goals') {
        requests += 1
        const rows = await backend.db.query('select id, title, status from public.goals order by id')
        return Response.json(rows)
      }
      const file = pathname === '/' ? '/index.html' : pathname
      const body = await readFile(join(project, 'dist', file))
      return new Response(body, { headers: { 'content-type': contentTypes[extname(file)] ?? 'text/plain' } })
    }
    const backend = await startBackend({ page })
    await writeFile(
      join(project, '.env.local'),
      `VITE_SUPABASE_URL=${backend.supabaseUrl}\nVITE_SUPABASE_ANON_KEY=${backend.anonKey}\n`,
    )
    const [browser] = await Promise.all([launchBrowser(), run(project, 'npm', 'run', 'build')])
    try {
      const tab = await browser.newPage()
      tab.setDefaultTimeout(60_000)
      const problems: string[] = []
      tab.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text())
      })
      tab.on('pageerror', (error) => problems.push(error.message))
      await tab.goto(backend.url)
      await tab.getByRole('status').filter({ hasText: 'live' }).waitFor()
      await tab.getByRole('checkbox').first().waitFor()
      // The first one began before the feed was live.
      await until(() => requests === 2, 'the first catch-up')

      await backend.db.query("update public.goals set title = 'Changed ' || id")
      const goals = await backend.db.query('select id from public.goals')
      await tab.getByText('Changed 1').waitFor()
      expect(await tab.getByText(/^Changed \d+$/).count()).toBe(goals.length)
      // One more if the feed was late to attach, which is caught up with again.
      expect(requests - 2).toBeLessThanOrEqual(2)
      expect(goals.length).toBeGreaterThan(2)
      expect(problems).toEqual([])
    } finally {
      await browser.close()
      await backend.stop()
    }
  })
})
