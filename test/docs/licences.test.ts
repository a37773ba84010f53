import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { licencesOf, licencesPage } from '../../scripts/support/licences.ts'
import { root } from './codeblocks.ts'

it('docs/licences.md lists what the lock file installs', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Parameters<typeof licencesPage>[0]
  expect(readFileSync(join(root, 'docs/licences.md'), 'utf8')).toBe(licencesPage(lock))
})

it('only an optional peer brings a licence that is not permissive, and README and the page name it', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Parameters<typeof licencesPage>[0]
  const { peerDependencies, peerDependenciesMeta } = lock.packages[''] ?? {}
  const permissive = new Set(['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0'])
  const found = Object.keys(peerDependencies ?? {}).flatMap((peer) =>
    [...licencesOf(lock, peer)]
      .filter(([, licence]) => !permissive.has(licence))
      .map(([name, licence]) => ({ peer, name, licence, isOptional: peerDependenciesMeta?.[peer]?.optional })),
  )
  expect(found).toEqual([{ peer: 'beautiful-mermaid', name: 'elkjs', licence: 'EPL-2.0', isOptional: true }])
  for (const page of ['README.md', 'docs/licences.md']) {
    const text = readFileSync(join(root, page), 'utf8')
    expect({ page, isNamed: text.includes('`elkjs`') && text.includes('EPL-2.0') }).toEqual({ page, isNamed: true })
  }
})

it('a package that comes twice has the licence of the copy that its parent gets', () => {
  const lock = {
    packages: {
      '': { peerDependencies: { a: '1' } },
      'node_modules/a': { license: 'MIT', dependencies: { b: '1' } },
      'node_modules/a/node_modules/b': { license: 'EPL-2.0', dependencies: { c: '1' } },
      'node_modules/b': { license: 'MIT' },
      'node_modules/c': { license: 'ISC', dependencies: { b: '2' } },
    },
  }
  expect([...licencesOf(lock, 'a')]).toEqual([
    ['a', 'MIT'],
    ['b', 'EPL-2.0'],
    ['c', 'ISC'],
  ])
})
