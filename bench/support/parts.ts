/** What a share of an app's bundle is for, and the sources it comes from. */
interface Part {
  readonly part: string
  readonly promises: string
  /** Beginnings of the sources' paths below `src`. */
  readonly paths: readonly string[]
}

const query = (...paths: readonly string[]): string[] => paths.map((path) => `integration/query/${path}`)
const supabase = (...paths: readonly string[]): string[] => paths.map((path) => `integration/supabase/${path}`)

/** The first part that a source belongs to is the one that counts it. */
const parts: readonly Part[] = [
  {
    part: 'one connection per browser',
    promises: 'S11',
    paths: ['machines/tabs', 'actions/tabs/', ...supabase('tabs/')],
  },
  {
    part: 'own writes and their echoes',
    promises: 'S12',
    paths: [
      'actions/ownWrites',
      'actions/ownRow',
      'actions/heardChanges',
      'actions/sameValue',
      'actions/serverClock',
      'actions/moments',
      ...supabase('own', 'answer.ts', 'resolveAnswer'),
    ],
  },
  {
    part: 'broadcast, signals and replay',
    promises: 'S9, S10',
    paths: [
      'actions/feedMessage',
      'actions/statementChange',
      'actions/recentIds',
      ...supabase('resolveBroadcast', 'resolveMessages', 'replay', 'heardLog'),
    ],
  },
  {
    part: 'connection: live, gaps, refusals, tokens, dead feeds',
    promises: 'S3–S6, S8',
    paths: [
      'machines/connection',
      'machines/feed',
      'actions/token',
      'actions/serverTexts',
      'actions/feedStatus',
      'actions/reopening',
      'actions/repairing',
      'actions/feedFilter',
      'actions/frameFilter',
      ...supabase(
        'channel',
        'feed',
        'userToken',
        'wire',
        'neighbours',
        'departures',
        'sweepWatch',
        'page.ts',
        'createRealtimeService',
      ),
    ],
  },
  {
    part: 'changes: routed, checked, whole, once',
    promises: 'S1, S2, S7',
    paths: [
      'actions/change',
      'actions/commitTime',
      'actions/rowShape',
      ...supabase('changeRouter', 'tableRoute', 'foreignDelete', 'resolveService', 'resolveTable'),
    ],
  },
  { part: '`adaptive`', promises: '–', paths: ['machines/adaptive', 'actions/windows/r'] },
  {
    part: 'orchestrator and the other strategies',
    promises: 'G3, G4, G7',
    paths: ['machines/', 'actions/windows/', 'actions/timing', 'actions/heap', 'actions/clock', 'actions/gate'],
  },
  {
    part: 'own mutations held',
    promises: 'G13',
    paths: query('fetches/holds', 'fetches/mutations', 'fetches/watchCalls'),
  },
  {
    part: 'data of others, requests that never end',
    promises: 'G1, G5',
    paths: query('fetches/putIn', 'fetches/stuck', 'fetches/runs'),
  },
  {
    part: 'ledger, single flight, limits, end',
    promises: 'G1, G2, G6, G8, G9, G11, G12',
    paths: query('fetches/', 'host/hiddenTime', 'host/page', 'host/lifecycle', 'intake/changing', 'host/createFetches'),
  },
  {
    part: 'intake, matching, flush',
    promises: 'G2, G10, G12',
    paths: [
      'actions/pending',
      'actions/queryKeys',
      'actions/keyIndex',
      'actions/flushPlan',
      'actions/wants',
      'actions/onlookers',
      'actions/effects',
      ...query('intake/', 'flush/', 'match'),
    ],
  },
  { part: 'the wrapped query client', promises: '–', paths: ['actions/filterCall', ...query('client/')] },
  { part: 'React', promises: '–', paths: ['integration/react/', 'react.ts'] },
  {
    part: 'the public face: options, snapshots, errors, warnings',
    promises: '–',
    paths: [
      'actions/validate',
      'actions/report',
      'actions/containment',
      'integration/companions',
      'integration/supabase/warnings',
      ...query('host/', 'options', 'callOptions', 'warnings', 'createCoalescer', 'internals'),
    ],
  },
]

export interface PartSize {
  readonly part: string
  readonly promises: string
  readonly minified: number
  readonly gzipped: number
}

/**
 * How the bytes of a bundle are spread over what they are for. Gzipped bytes are spread like minified ones, since a
 * compressed part has no size of its own.
 * @throws Error for a source that no part names, so that none goes uncounted.
 */
export function measureParts(
  bytesOf: ReadonlyMap<string, number>,
  { minified, gzipped }: { readonly minified: number; readonly gzipped: number },
): PartSize[] {
  const sums = new Map<Part, number>()
  for (const [source, bytes] of bytesOf) {
    if (bytes === 0) continue
    const owner = parts.find(({ paths }) => paths.some((path) => source.startsWith(path)))
    if (!owner) throw new Error(`Expected a part in bench/support/parts.ts that names src/${source}, found none.`)
    sums.set(owner, (sums.get(owner) ?? 0) + bytes)
  }
  return [...sums]
    .map(([{ part, promises }, bytes]) => ({
      part,
      promises,
      minified: bytes,
      gzipped: Math.round((bytes * gzipped) / minified),
    }))
    .toSorted((a, b) => b.minified - a.minified)
}
