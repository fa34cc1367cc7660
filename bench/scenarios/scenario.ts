import type { Workbench } from '../harness/workbench.ts'

export type ScenarioName = 'warm-reload' | 'invalidate' | 'burst' | 'row-hooks' | 'page-flip' | 'patches'

/** One figure that a scenario brings. */
export interface Metric {
  readonly name: string
  readonly title: string
  readonly unit: 'ms' | 'MB' | 'count'
  /** Whether it is compared with the floor's. A figure that the floor has as 0 cannot be. */
  readonly compared: boolean
  /** What vantage-live has set itself: the ratio to the floor where it is compared, else the figure, at most. */
  readonly due?: number
}

/** What was measured, by the metric's name; undefined for what this contestant cannot do. */
export type Figures = Readonly<Record<string, number | undefined>>

/** Something to measure, and how it is proved that the work was done. */
export interface Scenario {
  readonly name: ScenarioName
  readonly title: string
  /** What it is measured with, such as sizes; one that is called `''` where there is nothing to say. */
  readonly variants: readonly string[]
  readonly metrics: readonly Metric[]
  /**
   * Done once for each contestant, before all rounds.
   *
   * @throws CannotError where it cannot
   */
  readonly prepare?: (bench: Workbench, contestant: string, variant: string) => Promise<void>
  /**
   * Done in each round.
   *
   * @throws CannotError where it cannot; any other Error where the work was not done
   */
  readonly measure: (bench: Workbench, contestant: string, variant: string) => Promise<Figures>
}

/** A contestant cannot do what it was asked to, and says why. */
export class CannotError extends Error {
  override readonly name = 'CannotError'
}
