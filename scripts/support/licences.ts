interface LockedPackage {
  readonly license?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

/** The place of a package as Node finds it from another: in its own folder first, then in those above. */
function locate({ packages }: Lock, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf('node_modules')).replace(/\/$/, '')) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (packages[place]) return place
    if (folder === '') return undefined
  }
}

/** The licence of each package that comes with a peer, the peer itself included. */
export function licencesOf(lock: Lock, peer: string): ReadonlyMap<string, string> {
  const licences = new Map<string, string>()
  const visit = (from: string, name: string): void => {
    const place = locate(lock, from, name)
    const found = place === undefined ? undefined : lock.packages[place]
    if (place === undefined || !found || licences.has(name)) return
    licences.set(name, found.license ?? 'unknown')
    const asked = Object.keys(found.peerDependencies ?? {}).filter(
      (one) => !found.peerDependenciesMeta?.[one]?.optional,
    )
    for (const one of [...Object.keys({ ...found.dependencies, ...found.optionalDependencies }), ...asked]) {
      visit(place, one)
    }
  }
  visit('', peer)
  return licences
}

/** The page that lists them. */
export function licencesPage(lock: Lock): string {
  const rows = Object.keys(lock.packages['']?.peerDependencies ?? {}).map((peer) => {
    const byLicence = new Map<string, string[]>()
    for (const [name, licence] of licencesOf(lock, peer))
      byLicence.set(licence, [...(byLicence.get(licence) ?? []), name])
    const cells = [...byLicence].map(([licence, names]) => `${licence}: ${names.toSorted().join(', ')}`)
    return `| \`${peer}\` | ${cells.join('; ')} |`
  })
  const optional = Object.entries(lock.packages['']?.peerDependenciesMeta ?? {})
    .filter(([, meta]) => meta.optional)
    .map(([peer]) => `\`${peer}\``)
    .join(', ')
  return `# Licences

The package is MIT and has no dependencies. What comes with each of its peers, as this repository installs them
(\`npm run docs:licences\` writes this page; \`npm sbom --omit dev --sbom-format cyclonedx\` prints the same for machines):

| peer | licences |
| --- | --- |
${rows.join('\n')}

The optional peers are ${optional}.
npm installs them only where an app, or another of its packages, asks for them; the package holds no copy of theirs.

One licence is not permissive: **\`elkjs\` is under EPL-2.0**, the Eclipse Public License, a weak copyleft. It comes with
\`beautiful-mermaid\` alone, which draws the charts of \`realtime-coalescer/devtools\` and is loaded when the panel shows one.
Whoever does not install \`beautiful-mermaid\` gets none of it, and the panel then shows everything but the drawing. As a
development dependency it does not reach an app's users, unless the app ships the panel to them.
`
}
