/** Writes the statecharts as JSON, one file each, for Stately's import; into `machines/`, or the folder it is given. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { coalescerMachines } from '../src/testing.ts'

const folder = process.argv[2] ?? 'machines'
await mkdir(folder, { recursive: true })
for (const [name, { json }] of Object.entries(coalescerMachines())) {
  const path = join(folder, `${name}.json`)
  await writeFile(path, `${JSON.stringify(json, undefined, 2)}\n`)
  console.log(path)
}
