import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findObstacles } from '../../scripts/support/obstacles.ts'
import { root } from './codeblocks.ts'

const ready = {
  version: '1.2.0',
  changelog: '# Changelog\n\n## 1.2.0\n\n- New.\n\n## 1.1.0\n',
  status: '',
  tags: ['v1.1.0'],
  repositoryUrl: 'https://git.example.org/somebody/realtime-coalescer',
}

describe('a release', () => {
  it('goes ahead from a clean tree with a new version and its changelog entry', () => {
    expect(findObstacles(ready)).toEqual([])
  })

  it.each([
    ['uncommitted changes', { status: ' M src/index.ts\n' }, 'Expected a clean tree, got changes:\n M src/index.ts'],
    ['a version that is tagged', { tags: ['v1.2.0'] }, 'which has the tag v1.2.0'],
    ['a version without an entry', { changelog: '## 1.1.0\n' }, 'to begin with `## 1.2.0`, got `## 1.1.0`'],
    ['an empty changelog', { changelog: '' }, 'got `no entry`'],
    ['no public address', { repositoryUrl: '' }, 'Expected the public address of the repository'],
    ['no semantic version', { version: '1.2', changelog: '## 1.2\n' }, 'to be a semantic version, got `1.2`'],
  ])('is stopped by %s', (_, change, obstacle) => {
    expect(findObstacles({ ...ready, ...change })).toEqual([expect.stringContaining(obstacle)])
  })

  it('has the entry of the version that package.json names', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
    expect(findObstacles({ ...ready, version, changelog, tags: [] })).toEqual([])
  })
})
