import type { BenchPage } from './bench-page.ts'
import { CannotError, type Contestant } from './contestant.ts'

/** Puts rows on disk. */
export function fillBench({ pages, rows }: Contestant): Pick<BenchPage, 'fillPages' | 'fillRows'> {
  return {
    fillPages: (count) => reasonNot(pages.fill(count)),
    fillRows: (count) => reasonNot(rows.fill(count)),
  }
}

async function reasonNot(done: Promise<void>): Promise<string | undefined> {
  try {
    await done
    return undefined
  } catch (error) {
    if (error instanceof CannotError) return error.message
    throw error
  }
}
