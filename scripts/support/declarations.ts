import { readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/** What public declarations may name of XState: these read alike in all its versions, the types of a machine do not. */
const stableNames: ReadonlySet<string> = new Set([
  'ActorOptions',
  'ActorRef',
  'AnyActorLogic',
  'AnyActorRef',
  'AnyStateMachine',
  'InspectionEvent',
  'Observer',
  'Snapshot',
  'StateValue',
])

const relativeImport = /(?:from|import\()\s*['"](\.{1,2}\/[^'"]+)\.[cm]?[jt]sx?['"]/g
const namedImport = /\{([^{}]*)\}\s*from\s*['"]xstate(?:\/[^'"]*)?['"]/g
const inlineImport = /import\(['"]xstate(?:\/[^'"]*)?['"]\)\.(\w+)/g
const anyImport = /(?:from|import\()\s*['"]xstate(?:\/[^'"]*)?['"]/g

/** The names of XState in a declaration file; `'*'` where it takes all of them. */
function xstateNames(text: string): string[] {
  const lists = [...text.matchAll(namedImport)]
  const inline = [...text.matchAll(inlineImport)]
  const names = lists.flatMap(([, list = '']) =>
    list.split(',').flatMap((part) => part.trim().match(/^(?:type\s+)?(\w+)/)?.[1] ?? []),
  )
  const others = [...text.matchAll(anyImport)].length - lists.length - inline.length
  return [...names, ...inline.map(([, name = '']) => name), ...(others > 0 ? ['*'] : [])]
}

export interface Declarations {
  /** How many declaration files the entry points reach. */
  readonly files: number
  /** One line for each file that names a type of a machine: the way from the entry point to it, and the names. */
  readonly machines: readonly string[]
}

/** Follows the declarations of entry points through their relative imports, and finds those that reach a machine's type. */
export async function readDeclarations(directory: string, entryPoints: readonly string[]): Promise<Declarations> {
  const ways = new Map(entryPoints.map((path) => [join(directory, path), [path]]))
  const machines: string[] = []
  // A map's entries set during the walk are visited too.
  for (const [path, way] of ways) {
    const text = await readFile(path, 'utf8')
    const names = xstateNames(text).filter((name) => !stableNames.has(name))
    if (names.length > 0) machines.push(`${way.join(' → ')}: ${[...new Set(names)].join(', ')}`)
    for (const [, target = ''] of text.matchAll(relativeImport)) {
      const next = `${join(dirname(path), target)}.d.ts`
      if (!ways.has(next)) ways.set(next, [...way, relative(directory, next)])
    }
  }
  return { files: ways.size, machines }
}
