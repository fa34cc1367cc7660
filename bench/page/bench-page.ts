import type { Sight } from './probe.ts'

/** What the harness calls in the page, as `window.bench`. Times are in ms. */
export interface BenchPage {
  /** Resolves with why the contestant cannot, if it cannot. */
  readonly fillPages: (pages: number) => Promise<string | undefined>
  /** Resolves with why the contestant cannot, if it cannot. */
  readonly fillRows: (rows: number) => Promise<string | undefined>
  /** From script start to the first commit of the page. */
  readonly firstCommit: () => Promise<number>
  /** From the call until it is durable. */
  readonly invalidate: () => Promise<number>
  readonly canPrefetch: () => boolean
  readonly prefetch: (page: number) => Promise<void>
  /** From the click to the commit of that page, which is the next or the former one. */
  readonly flipTo: (page: number) => Promise<number>
  /** Watches until `watched` is called. */
  readonly watch: () => void
  readonly watched: () => Sight
  /** When the grid first showed these versions, in ms since 1970; undefined where it has not within `patience`. */
  readonly showsVersions: (versions: readonly number[], patience: number) => Promise<number | undefined>
  /** Changes the page's rows in turn, without waiting for one change before the next. */
  readonly patchRows: (patches: number) => Promise<PatchTimes>
  /** From the click to the commit of the last of so many rows. */
  readonly mountRows: (rows: number) => Promise<number>
  readonly unmountRows: () => void
  /** A row is asked for again, as it has changed. */
  readonly changeRow: (id: number, version: number) => Promise<RowChange>
  /** A row has changed, and is there already. */
  readonly bringRow: (id: number, version: number) => Promise<RowChange>
}

/** How many changes at once went. Times are in ms from the first call. */
export interface PatchTimes {
  /** When the grid first showed all of them. */
  readonly shown: number
  /** When the last of them was settled. */
  readonly settled: number
}

/** How a changed row got to the screen. */
export interface RowChange {
  /** From the row in hand to its commit, in ms. */
  readonly commit: number
  /** How many rows rendered until things were quiet. */
  readonly renders: number
}

declare global {
  interface Window {
    bench: BenchPage
  }
}
