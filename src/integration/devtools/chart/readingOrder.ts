/**
 * Has a layout place states in the order in which the diagram names them: a transition back to an earlier state is given
 * to it as one from there, and its arrow is turned round in the drawing.
 */
export function inReadingOrder(mermaid: string): { readonly mermaid: string; turnBack(svg: string): string } {
  const places = new Map<string, number>()
  const back = new Set<string>()
  const lines = mermaid.split('\n')
  for (const line of lines) {
    const id = /^\s*state ".*" as (\S+)/.exec(line)?.[1]
    if (id !== undefined) places.set(id, places.size)
  }
  const ordered = lines.map((line) => {
    const [, indent, from = '', to = '', label = ''] = /^(\s*)(\S+) --> (\S+)(?: : (.*))?$/.exec(line) ?? []
    const [at, target] = [places.get(from), places.get(to)]
    if (at === undefined || target === undefined || target >= at || isAround(from, to)) return line
    back.add(edgeName(to, from, label))
    return `${indent}${to} --> ${from}${label && ` : ${label}`}`
  })
  return {
    mermaid: ordered.join('\n'),
    turnBack: (svg) =>
      svg.replaceAll(
        /<polyline [^>]*?data-from="([^"]*)" data-to="([^"]*)"[^>]*>/g,
        (edge, from: string, to: string) => {
          const label = /data-label="([^"]*)"/.exec(edge)?.[1] ?? ''
          return back.has(edgeName(from, to, label)) ? edge.replace(/(?<= points=")[^"]*/, turnRound) : edge
        },
      ),
  }
}

const turnRound = (points: string): string => points.split(' ').toReversed().join(' ')

const isAround = (a: string, b: string): boolean => a.startsWith(`${b}_`) || b.startsWith(`${a}_`)

/** Line breaks of a label are written in one way and drawn in another. */
const edgeName = (from: string, to: string, label: string): string =>
  `${from} ${to} ${label.replaceAll(/<br\/>|\s+/g, ' ')}`
