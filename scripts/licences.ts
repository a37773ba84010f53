/** Writes docs/licences.md: the licence of everything that a consumer may get. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { licencesPage } from './support/licences.ts'
import { root } from './support/run.ts'

await writeFile(
  join(root, 'docs/licences.md'),
  licencesPage(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))),
)
