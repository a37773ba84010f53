import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export const root = resolve(import.meta.dirname, '../..')

/** Runs a command; on failure throws what it printed. Returns its standard output. */
export async function run(directory: string, command: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute(command, args, { cwd: directory, maxBuffer: 2 ** 26 })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed in ${directory}:\n${stdout}${stderr}`, { cause: error })
  }
}
