type Attributes = Readonly<Record<string, string | undefined>>
type Child = Node | string | undefined | false

/** Makes an element of a document, with text, never with markup. */
export type Draw = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes?: Attributes,
  children?: readonly Child[],
) => HTMLElementTagNameMap[Tag]

export function createDraw(document: Document): Draw {
  return (tag, attributes = {}, children = []) => {
    const element = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined) element.setAttribute(name, value)
    }
    element.append(...children.filter((child) => child !== undefined && child !== false))
    return element
  }
}

/** Sets an attribute, or takes it away, only if that changes something. */
export function setAttribute(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(name)
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}
