import { contestant } from '#contestant'
import { useEffect, useState, type ReactNode } from 'react'
import type { Contestant } from './contestant.ts'
import { Grid } from './grid.tsx'
import { settings } from './settings.ts'

/** How the grid's own change function gets to whoever measures. */
export type Patch = ReturnType<Contestant['writer']['usePatch']>

/** One page of the grid, with buttons to the former and the next. */
export function GridScreen({ onPatch }: { readonly onPatch: (patch: Patch) => void }): ReactNode {
  const [page, setPage] = useState(settings.page)
  const rows = contestant.pages.usePage(page)
  const patch = contestant.writer.usePatch()
  useEffect(() => onPatch(patch))
  return (
    <main>
      <button id="former" type="button" onClick={() => setPage(page - 1)}>
        Former
      </button>
      <button id="next" type="button" onClick={() => setPage(page + 1)}>
        Next
      </button>
      {rows === undefined ? <p>Loading</p> : <Grid rows={rows} />}
    </main>
  )
}
