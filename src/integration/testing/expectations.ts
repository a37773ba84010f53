import { failType, show } from '../../actions/validate.ts'

/** Expects an object of options, all of which there are. */
export function expectOptions(call: string, options: unknown, names: readonly string[]): void {
  const known = `an object { ${names.join(', ')} }`
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    failType(`the options of ${call}`, known, options, 'Pass such an object.')
  }
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown === undefined) return
  throw new TypeError(`Expected the options of ${call} to be ${known}, got one more, ${show(unknown)}. Leave it out.`)
}

/** Expects an object with something by the name of each table. */
export function expectByTable(name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  failType(name, 'an object with something for each table', value, 'Pass { goals: … }, for instance.')
}

/** Expects a list of names. */
export function expectNames(name: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) {
    failType(name, 'a list of names', value, "Pass ['goals'], for instance.")
  }
  return value
}
