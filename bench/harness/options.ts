import { parseArgs } from 'node:util'
import { base, entrants, type Entrant } from '../contestants/list.ts'
import { scenarios } from '../scenarios/all.ts'
import type { Scenario } from '../scenarios/scenario.ts'

/** What the command line asks for. */
export interface Options {
  readonly runs: number
  readonly scenarios: readonly Scenario[]
  readonly withSizes: boolean
  readonly entrants: readonly Entrant[]
  /** Everything was run, so that the results may be written down. */
  readonly isWhole: boolean
}

/** How often each measurement is done where nothing else is asked for. */
const defaultRuns = 7

/** The name of the one part that is no scenario: it needs no browser. */
const sizes = 'bundle-size'

/** @throws Error that says what is possible where something else was asked for */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--'),
    options: {
      runs: { type: 'string', default: String(defaultRuns) },
      only: { type: 'string', multiple: true },
      contestant: { type: 'string', multiple: true },
    },
  })
  const runs = Number(values.runs)
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs is ${values.runs}; expected a whole number from 1 on`)
  const only = known('--only', values.only, [...scenarios.map(({ name }) => name), sizes])
  const names = known(
    '--contestant',
    values.contestant,
    entrants.map(({ name }) => name),
  )
  return {
    runs,
    scenarios: scenarios.filter(({ name }) => only?.includes(name) ?? true),
    withSizes: only?.includes(sizes) ?? true,
    // Without the floor there is nothing to compare with.
    entrants: entrants.filter(({ name }) => name === base || (names?.includes(name) ?? true)),
    isWhole: only === undefined && names === undefined && runs >= defaultRuns,
  }
}

function known(option: string, given: readonly string[] | undefined, names: readonly string[]): readonly string[] | undefined {
  const unknown = given?.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`${option} is ${unknown}; expected one of ${names.join(', ')}`)
  return given
}
