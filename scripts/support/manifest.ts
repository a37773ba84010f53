/**
 * Where the repository is public, such as `https://git.example.org/somebody/realtime-coalescer`. Empty as long as no
 * address is known: a release is refused until then.
 */
export const repositoryUrl: string = ''

const ownFields = ['scripts', 'devDependencies', 'workspaces']

/** The manifest as it is published: without what only this repository needs, and with where to find it. */
export function publishedManifest(manifest: Readonly<Record<string, unknown>>, url: string): object {
  const published = Object.fromEntries(Object.entries(manifest).filter(([field]) => !ownFields.includes(field)))
  if (url === '') return published
  return {
    ...published,
    homepage: `${url}#readme`,
    bugs: { url: `${url}/issues` },
    repository: { type: 'git', url: `git+${url}.git` },
  }
}

/** A page whose links to tests, which stay in the repository, lead there, or are plain words as long as it has no address. */
export const linkTests = (page: string, url: string): string =>
  page.replaceAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\)/g, (_, words: string, path: string) =>
    url === '' ? words : `[${words}](${url}/blob/main/${path})`,
  )

interface Entry {
  readonly require: { readonly types: string; readonly default: string }
}

/**
 * Manifests of folders named like the entry points, by folder: resolvers that know no `exports` (TypeScript's `node10`,
 * Jest before 28) look there.
 */
export const folderManifests = (exports: Readonly<Record<string, string | Entry>>): ReadonlyMap<string, object> =>
  new Map(
    Object.entries(exports).flatMap(([entry, target]) =>
      entry === '.' || typeof target === 'string'
        ? []
        : [[entry.slice(2), { main: `../${target.require.default}`, types: `../${target.require.types}` }]],
    ),
  )
