import type { Machine } from './machine.ts'
import type { Result } from './rounds.ts'
import type { Size } from './sizes.ts'

/** Everything that came of a run, as it is written to `results.json`. */
export interface Report {
  /** In ISO 8601. */
  readonly date: string
  /** How often each figure was measured. */
  readonly runs: number
  /** In seconds. */
  readonly duration: number
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  /** How the contestants are called in tables, by name. */
  readonly titles: Readonly<Record<string, string>>
  /** The same, for the heads of columns. */
  readonly shorts: Readonly<Record<string, string>>
  /** The contestant that the others are compared with. */
  readonly base: string
  readonly results: readonly Result[]
  readonly sizes: readonly Size[]
}
