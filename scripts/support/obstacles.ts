export interface ReleaseState {
  readonly version: string
  readonly changelog: string
  /** What `git status --porcelain` says. */
  readonly status: string
  readonly tags: readonly string[]
  readonly repositoryUrl: string
}

/** Why a version cannot be released as things are; empty if it can. */
export function findObstacles({ version, changelog, status, tags, repositoryUrl }: ReleaseState): string[] {
  const obstacles: string[] = []
  if (status.trim() !== '')
    obstacles.push(`Expected a clean tree, got changes:\n${status.trimEnd()}\nCommit them first.`)
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
    obstacles.push(`Expected \`version\` in package.json to be a semantic version, got \`${version}\`.`)
  }
  if (tags.includes(`v${version}`)) {
    obstacles.push(
      `Expected a version that is not released yet, got ${version}, which has the tag v${version}. Raise it.`,
    )
  }
  const [newest] = /^## .*$/m.exec(changelog) ?? []
  if (newest !== `## ${version}`) {
    obstacles.push(
      `Expected CHANGELOG.md to begin with \`## ${version}\`, got \`${newest ?? 'no entry'}\`. Write the entry.`,
    )
  }
  if (!/^https:\/\/\S+[^/]$/.test(repositoryUrl)) {
    obstacles.push(
      `Expected the public address of the repository (https://…, no slash at its end), got \`${repositoryUrl}\`. Set \`repositoryUrl\` in scripts/support/manifest.ts: the links of README depend on it.`,
    )
  }
  return obstacles
}
