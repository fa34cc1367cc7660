import { setTimeout as sleep } from 'node:timers/promises'
import type { Entrant } from '../contestants/list.ts'
import { CannotError, type Metric, type Scenario, type ScenarioName } from '../scenarios/scenario.ts'
import { summary, type Summary } from './statistics.ts'
import type { Workbench } from './workbench.ts'

/** How one contestant did in one variant of a scenario. */
export type Outcome =
  | { readonly state: 'measured'; readonly runs: number; readonly figures: Readonly<Record<string, Summary | undefined>> }
  | { readonly state: 'cannot'; readonly reason: string }
  /** The work was not done, or not as it should: no figure of this can be trusted. */
  | { readonly state: 'failed'; readonly error: string }

/** What came of one scenario in one of its variants. */
export interface Result {
  readonly scenario: ScenarioName
  readonly title: string
  readonly variant: string
  readonly metrics: readonly Metric[]
  /** How long it took, in s. */
  readonly duration: number
  /** By the contestant's name. */
  readonly outcomes: Readonly<Record<string, Outcome>>
}

/** A peer that has taken longer than this for one variant, in ms, is not measured again: it would take up most of the time. */
const budget = 20_000
/** How long the browser's disk may take to come to rest after the preparations, in ms. */
const rest = 1_000

/** What a contestant has to show so far. */
interface Score {
  readonly name: string
  readonly runs: Readonly<Record<string, number | undefined>>[]
  problem: Exclude<Outcome, { state: 'measured' }> | undefined
  readonly isPeer: boolean
  /** The time taken so far, in ms. */
  spent: number
}

/** Measures a scenario: the contestants in turn, in another order each round, so that none is always after the same one. */
export async function measure(
  bench: Workbench,
  scenario: Scenario,
  entrants: readonly Entrant[],
  rounds: number,
  tell: (progress: string) => void,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const variant of scenario.variants) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time, or they would measure each other
    results.push(await measureVariant(bench, scenario, variant, entrants, rounds, tell))
  }
  return results
}

async function measureVariant(
  bench: Workbench,
  scenario: Scenario,
  variant: string,
  entrants: readonly Entrant[],
  rounds: number,
  tell: (progress: string) => void,
): Promise<Result> {
  const { name, title, metrics } = scenario
  const begun = performance.now()
  const scores = entrants.filter(({ only }) => only?.includes(name) ?? true).map((entrant) => newScore(entrant, name))
  const attempt = async (score: Score, doing: string, work: () => Promise<void>): Promise<void> => {
    if (score.problem !== undefined) return
    tell(`${title}${variant === '' ? '' : `, ${variant}`}: ${doing}, ${score.name}`)
    try {
      await work()
    } catch (error) {
      score.problem = problemOf(error)
    }
  }
  /* oxlint-disable no-await-in-loop -- one at a time, or they would measure each other */
  for (const score of scores) await attempt(score, 'preparation', async () => scenario.prepare?.(bench, score.name, variant))
  if (scenario.prepare !== undefined) await sleep(rest)
  for (let round = 0; round < rounds; round += 1) {
    for (const score of rotated(scores, round)) {
      if (score.isPeer && score.spent > budget) continue
      await attempt(score, `round ${round + 1} of ${rounds}`, async () => {
        const started = performance.now()
        score.runs.push(await scenario.measure(bench, score.name, variant))
        score.spent += performance.now() - started
      })
    }
  }
  /* oxlint-enable no-await-in-loop */
  return {
    scenario: name,
    title,
    variant,
    metrics,
    duration: Math.round((performance.now() - begun) / 1000),
    outcomes: Object.fromEntries(scores.map((score) => [score.name, outcomeOf(score, metrics)])),
  }
}

function newScore({ name, isPeer, cannot }: Entrant, scenario: ScenarioName): Score {
  const reason = cannot?.[scenario]
  return { name, isPeer, runs: [], problem: reason === undefined ? undefined : { state: 'cannot', reason }, spent: 0 }
}

function problemOf(error: unknown): Score['problem'] {
  if (error instanceof CannotError) return { state: 'cannot', reason: error.message }
  return { state: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

function outcomeOf({ runs, problem }: Score, metrics: readonly Metric[]): Outcome {
  if (problem !== undefined) return problem
  const figures: Record<string, Summary | undefined> = {}
  for (const { name } of metrics) {
    const values = runs.map((run) => run[name]).filter((value) => value !== undefined)
    figures[name] = values.length === 0 ? undefined : summary(values)
  }
  return { state: 'measured', runs: runs.length, figures }
}

function rotated<Each>(list: readonly Each[], by: number): readonly Each[] {
  const start = by % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}
