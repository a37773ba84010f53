/** A table as it is printed, stored in results.json and shown in the documents. */
export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

/** What was aimed at, and what came out. */
export interface Goal {
  readonly goal: string
  readonly target: string
  readonly measured: string
  readonly met: boolean
}

/** What one benchmark hands back. Every number is stored as it is shown. */
export interface BenchResult {
  readonly values: Readonly<Record<string, number>>
  readonly tables: Readonly<Record<string, Table>>
  readonly goals: readonly Goal[]
  /** Files to write, by their path in the repository. */
  readonly files?: Readonly<Record<string, string>>
}

export type StoredResult = Omit<BenchResult, 'files'>

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly node: string
}

export interface Results {
  readonly machine: Machine
  readonly benches: Readonly<Record<string, StoredResult>>
}

/** Three significant digits, whole numbers from 100 on. */
export function round(value: number): number {
  if (!Number.isFinite(value)) return value
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}

/** Hands a result to the process that started this one. */
export function report(result: BenchResult): void {
  process.send?.(result)
}
