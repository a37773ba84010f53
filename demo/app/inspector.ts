import { createBrowserReceiver } from '@statelyai/inspect'
import './styles/base.css'
import './styles/inspector.css'

const shownEvents = 60

interface Actor {
  readonly element: HTMLElement
  readonly value: HTMLElement
  events: number
}

const actors = new Map<string, Actor>()
const counts = { definitions: 0, events: 0, snapshots: 0 }
const log = find('log')

/** @throws Error when the page has no such element. */
function find(id: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(`#${id}`)
  if (!element) throw new Error(`Expected an element #${id}, found none.`)
  return element
}

function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  text = '',
  className = '',
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  element.textContent = text
  element.className = className
  return element
}

function count(what: keyof typeof counts): void {
  counts[what] += 1
  find(what).textContent = String(counts[what])
}

function readName(definition: string | undefined, fallback: string): string {
  const { id } = JSON.parse(definition ?? '{}') as { id?: string }
  return id ?? fallback
}

function addActor(sessionId: string, name: string, definition: string | undefined): void {
  if (actors.has(sessionId)) return
  const element = create('article')
  const value = create('code', '', 'value')
  const details = create('details')
  details.append(
    create('summary', 'Definition'),
    create('pre', JSON.stringify(JSON.parse(definition ?? '{}'), null, 2)),
  )
  element.append(create('h3', readName(definition, name)), value, details)
  find('actors').append(element)
  actors.set(sessionId, { element, value, events: 0 })
}

function addEvent(sessionId: string, type: string): void {
  const name = actors.get(sessionId)?.element.querySelector('h3')?.textContent ?? sessionId
  const item = create('li')
  item.append(create('code', type), create('small', ` to ${name}`))
  log.prepend(item)
  while (log.children.length > shownEvents) log.lastElementChild?.remove()
}

/** A state value in one line, such as `strategy.debounce, page.visible`. */
function describeValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([state, child]) =>
      typeof child === 'object' && Object.keys(child as object).length === 0
        ? state
        : `${state}.${describeValue(child)}`,
    )
    .join(', ')
}

createBrowserReceiver().subscribe((message) => {
  if (message.type === '@xstate.actor') {
    count('definitions')
    addActor(message.sessionId, message.name, message.definition)
  }
  if (message.type === '@xstate.event') {
    count('events')
    addEvent(message.sessionId, message.event.type)
  }
  if (message.type === '@xstate.snapshot') {
    count('snapshots')
    const actor = actors.get(message.sessionId)
    // Promise and callback actors have a snapshot without a value.
    const { value, status } = message.snapshot as { value?: unknown; status?: string }
    if (actor) actor.value.textContent = value === undefined ? (status ?? '') : describeValue(value)
  }
})
