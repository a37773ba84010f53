import { failType } from '../../actions/validate.ts'
import { splitTable } from './feedPayloads.ts'

/** The tables and topics that a feed refuses at their next join. */
export class Refusals {
  readonly #known: readonly string[]
  readonly #schema: string
  readonly #names = new Set<string>()

  /** @param known those there are */
  constructor(known: readonly string[], schema: string) {
    this.#known = [...new Set(known)]
    this.#schema = schema
  }

  refuse(name: string): void {
    this.#names.add(this.#expectKnown(name))
  }

  allow(name: string): void {
    this.#names.delete(this.#expectKnown(name))
  }

  hasTopic(topic: string): boolean {
    return this.#names.has(topic)
  }

  hasTable(one: { readonly schema: string; readonly table: string }): boolean {
    return [...this.#names].some((name) => {
      const { schema, table } = splitTable(name, this.#schema)
      return schema === one.schema && table === one.table
    })
  }

  #expectKnown(name: string): string {
    if (this.#known.includes(name)) return name
    return failType('tableOrTopic', `one of ${this.#known.join(', ')}`, name, 'Name what is refused.')
  }
}
