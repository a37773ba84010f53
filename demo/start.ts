import { buildPage } from './app/build.ts'
import { servePage } from './app/serve.ts'
import { startBackend } from './server/backend.ts'
import { poolDatabase } from './server/database/pool.ts'
import { startProjectBackend } from './server/projectBackend.ts'
import { connectPool } from './shared/connectPool.ts'
import type { ServerAddress } from './shared/session.ts'

/** The embedded backend, or the API alone beside a real project. */
interface DemoServer extends ServerAddress {
  stop(): Promise<void>
}

const defaultPort = 5173
const triedPorts = 20

/** The port to begin with. @throws RangeError when `PORT` is not one. */
function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return defaultPort
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new RangeError(`Expected PORT to be a port number from 0 to 65535, got \`${text}\`.`)
}

/** Starts on `port`, or the next one that is free. */
async function startOnFreePort(port: number, start: (port: number) => Promise<DemoServer>): Promise<DemoServer> {
  for (let candidate = port; ; candidate++) {
    try {
      return await start(candidate)
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!isTaken || candidate + 1 >= port + triedPorts || candidate >= 65_535) throw error
      console.log(`Port ${candidate} is taken, trying ${candidate + 1}.`)
    }
  }
}

/** The settings of a real Supabase project, when there are any. @throws Error when some are missing. */
function readProject({
  SUPABASE_URL: supabaseUrl,
  SUPABASE_ANON_KEY: anonKey,
  DATABASE_URL: databaseUrl,
}: NodeJS.ProcessEnv) {
  if (!supabaseUrl && !anonKey && !databaseUrl) return undefined
  if (supabaseUrl && anonKey && databaseUrl) return { supabaseUrl, anonKey, databaseUrl }
  throw new Error(
    'Expected all of SUPABASE_URL, SUPABASE_ANON_KEY and DATABASE_URL to use a real project, got only some. Set all three, or none for the embedded backend.',
  )
}

async function main(): Promise<void> {
  const port = readPort(process.env.PORT)
  const project = readProject(process.env)
  console.log('Building the page …')
  const page = await buildPage()
  let server: DemoServer | undefined
  const answer = servePage(page, () => {
    if (server === undefined) throw new Error('The backend is not ready yet.')
    return server
  })
  if (project === undefined) {
    console.log('Starting Postgres, the API and the realtime server …')
    server = await startOnFreePort(port, (candidate) => startBackend({ port: candidate, page: answer }))
  } else {
    const { supabaseUrl, anonKey, databaseUrl } = project
    const database = poolDatabase(await connectPool(databaseUrl))
    server = await startOnFreePort(port, (candidate) =>
      startProjectBackend({ supabaseUrl, anonKey, database, port: candidate, page: answer }),
    )
  }
  console.log(`\n  ${server.url}\n\nCtrl+C stops it.`)

  const { stop } = server
  const end = () => {
    process.off('SIGINT', end).off('SIGTERM', end)
    void stop().then(() => process.exit(0))
  }
  process.on('SIGINT', end).on('SIGTERM', end)
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
