import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import type { Database, Queryable } from './database.ts'

/** Postgres inside this process. It has one session: transactions run one after the other. */
export interface EmbeddedPostgres extends Database {
  /** Runs a script of several statements. */
  exec(sql: string): Promise<void>
  /** Calls `onNotify` for each NOTIFY on `channel`; gives the function that ends it. */
  listen(channel: string, onNotify: () => void): Promise<() => Promise<void>>
}

const serverFolder = fileURLToPath(new URL('..', import.meta.url))
const supabaseFolder = join(serverFolder, '..', 'supabase')
const startParams = [...PGlite.defaultStartParams, '-c', 'track_commit_timestamp=on']

/**
 * Starts an empty Postgres in memory, applies the migrations of `demo/supabase`, captures row changes for the realtime
 * server and adds the seed. The state after the migrations is kept in `node_modules/.cache`, which makes a start about
 * four times faster.
 */
export async function startEmbeddedPostgres(): Promise<EmbeddedPostgres> {
  const scripts = await readScripts()
  const pglite = await startPrepared(scripts)
  await pglite.exec(await readFile(join(supabaseFolder, 'seed.sql'), 'utf8'))
  return adapt(pglite)
}

async function readScripts(): Promise<string[]> {
  const migrationsFolder = join(supabaseFolder, 'migrations')
  const migrations = (await readdir(migrationsFolder)).filter((name) => name.endsWith('.sql')).sort()
  const paths = [
    join(serverFolder, 'database', 'platform.sql'),
    join(serverFolder, 'database', 'realtime.sql'),
    ...migrations.map((name) => join(migrationsFolder, name)),
    join(serverFolder, 'realtime', 'capture.sql'),
    join(serverFolder, 'realtime', 'messages.sql'),
  ]
  return Promise.all(paths.map((path) => readFile(path, 'utf8')))
}

async function startPrepared(scripts: string[]): Promise<PGlite> {
  const cachePath = await cachePathFor(scripts)
  const cached = await readFile(cachePath).catch(() => undefined)
  if (cached !== undefined) {
    try {
      return await PGlite.create({ startParams, loadDataDir: new Blob([cached]) })
    } catch {
      await rm(cachePath, { force: true })
    }
  }
  const pglite = await PGlite.create({ startParams })
  for (const script of scripts) await pglite.exec(script)
  await writeCache(cachePath, pglite)
  return pglite
}

async function cachePathFor(scripts: string[]): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite')
  const packageJson = await readFile(join(dirname(entry), '..', 'package.json'), 'utf8')
  const { version } = JSON.parse(packageJson) as { version: string }
  const hash = createHash('sha256')
    .update([version, ...startParams, ...scripts].join('\0'))
    .digest('hex')
  const modulesFolder = entry.slice(0, entry.lastIndexOf(`${sep}@electric-sql${sep}`))
  return join(modulesFolder, '.cache', 'realtime-coalescer', `${hash.slice(0, 16)}.tar`)
}

async function writeCache(cachePath: string, pglite: PGlite): Promise<void> {
  try {
    const dump = await pglite.dumpDataDir('none')
    await mkdir(dirname(cachePath), { recursive: true })
    // Workers that start together write the same content: a rename never shows a half-written file to another one.
    const partialPath = `${cachePath}.${process.pid}`
    await writeFile(partialPath, Buffer.from(await dump.arrayBuffer()))
    await rename(partialPath, cachePath)
    await removeOutdated(cachePath)
  } catch {
    // A read-only folder only costs the faster start.
  }
}

async function removeOutdated(cachePath: string): Promise<void> {
  const folder = dirname(cachePath)
  const outdated = (await readdir(folder)).filter((name) => name.endsWith('.tar') && join(folder, name) !== cachePath)
  await Promise.all(outdated.map((name) => rm(join(folder, name), { force: true })))
}

function adapt(pglite: PGlite): EmbeddedPostgres {
  const on = (target: Pick<PGlite, 'query'>): Queryable => ({
    async query<Row>(sql: string, params: readonly unknown[] = []) {
      const { rows } = await target.query<Row>(sql, [...params])
      return rows
    },
  })
  return {
    query: on(pglite).query,
    transaction: (work) => pglite.transaction((tx) => work(on(tx as unknown as Pick<PGlite, 'query'>))),
    async exec(sql) {
      await pglite.exec(sql)
    },
    async listen(channel, onNotify) {
      const unlisten = await pglite.listen(channel, () => onNotify())
      return () => unlisten()
    },
    close: () => pglite.close(),
  }
}
