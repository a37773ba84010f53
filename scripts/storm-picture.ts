/**
 * Plays all storms (`npm run storm -- --json`) and writes what they cost: docs/images/storm.json, its picture
 * docs/images/storm.svg, and the tables in README.md. A file of results may be given instead: `-- results.json`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AllResults, drawStorm, insertTables, stormsOf } from './support/stormPicture.ts'
import { root, run } from './support/run.ts'

const [given] = process.argv.slice(2)
const json =
  given === undefined
    ? await run(root, 'npm', 'run', '--silent', 'storm', '--', '--json')
    : await readFile(given, 'utf8')
const results = JSON.parse(json) as AllResults
const readme = join(root, 'README.md')
const images = join(root, 'docs/images')

await writeFile(join(images, 'storm.json'), `${JSON.stringify(results, undefined, 2)}\n`)
await writeFile(join(images, 'storm.svg'), drawStorm(stormsOf(results)))
await writeFile(readme, insertTables(await readFile(readme, 'utf8'), results))
