import type { Entrant } from '../contestants/list.ts'
import { bundleSize } from './build.ts'

/** How large something is that a user would import. */
export interface Size {
  readonly contestant: string
  readonly of: string
  /** What is not counted, beside React. */
  readonly beside: readonly string[]
  /** What it should be at most, in kB. */
  readonly due: number | undefined
  /** Minified and gzipped. */
  readonly bytes: number
}

export async function measureSizes(entrants: readonly Entrant[]): Promise<readonly Size[]> {
  const bundles = entrants.flatMap(({ name, sizes }) => sizes.map((bundle) => ({ name, bundle })))
  return Promise.all(
    bundles.map(async ({ name, bundle }) => ({
      contestant: name,
      of: bundle.of,
      beside: bundle.beside,
      due: bundle.due,
      bytes: await bundleSize(name, bundle),
    })),
  )
}
