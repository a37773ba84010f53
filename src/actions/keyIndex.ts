import type { QueryKey } from './types.ts'

/** Where a pattern object demands which primitive, e.g. `[['page'], ['filter', 'done']]`. */
type LeafPath = readonly string[]

interface Leaf {
  readonly path: LeafPath
  /** A string that only this path has. */
  readonly id: string
  readonly value: unknown
}

interface ObjectGroup<T> {
  readonly paths: readonly LeafPath[]
  /** One map per path, nested in the order of `paths`; the innermost holds the nodes. */
  readonly byLeaf: Map<unknown, unknown>
  readonly nodes: IndexNode<T>[]
}

/** Most nodes have one kind of content, so each kind is made when it is first needed. */
interface IndexNode<T> {
  /** Of the patterns that match whatever leads here. */
  sure: T[] | undefined
  /** Of those that may not. */
  unsure: T[] | undefined
  byPrimitive: Map<unknown, IndexNode<T>> | undefined
  groups: Map<string, ObjectGroup<T>> | undefined
}

/**
 * Finds, for a query key, the filters that can match it, without trying them all: a prefix tree over the key parts,
 * where object parts are grouped by the properties they demand. The answer may hold a few filters too many, never one
 * too few, so the caller confirms those that are not sure with its own matching function.
 */
export interface KeyIndex<T> {
  add(pattern: QueryKey, entry: T): void
  visit(queryKey: QueryKey, found: Found<T>): void
}

/** @param isSure whether the filter is known to match, which most are by the way they were found */
type Found<T> = (entry: T, isSure: boolean) => void

const createNode = <T>(): IndexNode<T> => ({
  sure: undefined,
  unsure: undefined,
  byPrimitive: undefined,
  groups: undefined,
})

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Whether every way to match a pattern part takes for equal what this index does. */
const isPlainLeaf = (value: unknown): boolean =>
  !isObject(value) && value !== undefined && !(typeof value === 'number' && Number.isNaN(value))

/** Whether whatever the index finds for a pattern matches it: ways to match differ in arrays, and in what is undefined. */
function isSure(pattern: QueryKey): boolean {
  for (let i = 0; i < pattern.length; i += 1) {
    const part = pattern[i]
    if (isPlainLeaf(part)) continue
    if (!isObject(part) || Array.isArray(part)) return false
    for (const name of Object.keys(part)) if (!isPlainLeaf(part[name])) return false
  }
  return true
}

export function createKeyIndex<T>(): KeyIndex<T> {
  const root = createNode<T>()
  return {
    add(pattern, entry) {
      let node = root
      for (let i = 0; i < pattern.length; i += 1) node = childFor(node, pattern[i])
      const at = isSure(pattern) ? 'sure' : 'unsure'
      const known = node[at]
      if (known) known.push(entry)
      else node[at] = [entry]
    },
    visit(queryKey, found) {
      visitNode(root, queryKey, 0, found)
    },
  }
}

function childFor<T>(node: IndexNode<T>, part: unknown): IndexNode<T> {
  if (!isObject(part)) {
    const children = (node.byPrimitive ??= new Map())
    let child = children.get(part)
    if (!child) children.set(part, (child = createNode<T>()))
    return child
  }
  const leaves: Leaf[] = []
  collectLeaves(part, [], '', leaves)
  if (leaves.length > 1) leaves.sort((a, b) => (a.id < b.id ? -1 : 1))
  let signature = ''
  for (const { id } of leaves) signature += `${id};`
  const groups = (node.groups ??= new Map())
  let group = groups.get(signature)
  if (!group) groups.set(signature, (group = { paths: leaves.map(({ path }) => path), byLeaf: new Map(), nodes: [] }))
  let level = group.byLeaf
  const last = leaves.pop()
  if (!last) {
    group.nodes[0] ??= createNode()
    return group.nodes[0]
  }
  for (const { value } of leaves) {
    let next = level.get(value) as Map<unknown, unknown> | undefined
    if (!next) level.set(value, (next = new Map()))
    level = next
  }
  let child = level.get(last.value) as IndexNode<T> | undefined
  if (!child) level.set(last.value, (child = createNode()))
  return child
}

/** Only defined primitives are demanded: they hold under every way a filter may treat missing properties. */
function collectLeaves(value: Record<string, unknown>, path: LeafPath, pathId: string, into: Leaf[]): void {
  for (const name of Object.keys(value)) {
    const part = value[name]
    if (part === undefined) continue
    const id = `${pathId}${name.length}:${name}`
    if (isObject(part)) collectLeaves(part, [...path, name], id, into)
    else into.push({ path: [...path, name], id, value: part })
  }
}

function readPath(value: unknown, path: LeafPath): unknown {
  let part = value
  for (const name of path) {
    if (!isObject(part)) return undefined
    part = part[name]
  }
  return part
}

function visitNode<T>(from: IndexNode<T>, queryKey: QueryKey, depth: number, found: Found<T>): void {
  let node: IndexNode<T> | undefined = from
  for (let i = depth; node; i += 1) {
    const { sure, unsure, byPrimitive, groups }: IndexNode<T> = node
    if (sure) for (const entry of sure) found(entry, true)
    if (unsure) for (const entry of unsure) found(entry, false)
    const part = i < queryKey.length ? queryKey[i] : undefined
    if (isObject(part)) {
      if (groups) for (const group of groups.values()) visitGroup(group, part, queryKey, i + 1, found)
      return
    }
    node = byPrimitive?.get(part)
  }
}

function visitGroup<T>(group: ObjectGroup<T>, part: object, queryKey: QueryKey, depth: number, found: Found<T>): void {
  const child = group.paths.length === 0 ? group.nodes[0] : lookUp(group, part)
  if (child) visitNode(child, queryKey, depth, found)
}

function lookUp<T>(group: ObjectGroup<T>, part: unknown): IndexNode<T> | undefined {
  let level: unknown = group.byLeaf
  for (const path of group.paths) {
    if (level === undefined) return undefined
    level = (level as Map<unknown, unknown>).get(readPath(part, path))
  }
  return level as IndexNode<T> | undefined
}
