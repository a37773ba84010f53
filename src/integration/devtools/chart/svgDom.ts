const SVG = 'http://www.w3.org/2000/svg'
const drawn = new Set([
  'svg',
  'defs',
  'marker',
  'polygon',
  'polyline',
  'path',
  'line',
  'g',
  'rect',
  'circle',
  'text',
  'tspan',
])
const attributePattern = /([\w:-]+)="([^"]*)"/g
const tokenPattern = /<(\/?)([\w-]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#39': "'" }

const decode = (text: string): string => text.replaceAll(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole)

/**
 * Builds a drawing element by element, since pages with Trusted Types let no string become markup. Elements that are no
 * drawing, such as styles, are left out. The ids of its arrows start with `prefix`, which no other drawing of the page has.
 */
export function buildSvg(markup: string, prefix: string): SVGSVGElement | undefined {
  let root: Element | undefined
  let at: Element | undefined
  /** How deep within an element that is left out. */
  let skipped = 0
  for (const [, closing, name = '', attributes = '', isEmpty, text] of markup.matchAll(tokenPattern)) {
    if (text !== undefined) {
      if (skipped === 0) at?.append(decode(text))
    } else if (skipped > 0 || !drawn.has(name)) {
      if (closing) skipped -= 1
      else if (!isEmpty) skipped += 1
    } else if (closing) at = at?.parentElement ?? undefined
    else {
      const element = document.createElementNS(SVG, name)
      for (const [, attribute = '', value = ''] of attributes.matchAll(attributePattern)) {
        if (attribute !== 'xmlns' && attribute !== 'style')
          element.setAttribute(attribute, ownId(decode(value), attribute, prefix))
      }
      if (at) at.append(element)
      else root ??= element
      if (!isEmpty) at = element
    }
  }
  return root as SVGSVGElement | undefined
}

const ownId = (value: string, attribute: string, prefix: string): string =>
  attribute === 'id' ? `${prefix}-${value}` : value.replace(/^url\(#(.*)\)$/, `url(#${prefix}-$1)`)
