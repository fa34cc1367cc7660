import type { BenchPage, RowChange } from './bench-page.ts'
import { click } from './click.ts'
import type { Contestant } from './contestant.ts'
import { makeOrder, type Order } from './orders.ts'
import { probe } from './probe.ts'

type RowsBench = Pick<BenchPage, 'mountRows' | 'unmountRows' | 'changeRow' | 'bringRow'>

/** What the rows' screen takes. */
export interface RowsHooks {
  readonly count: () => number
  readonly onRow: (id: number, row: Order | undefined) => void
}

/** How long after a commit nothing more is expected to render, in ms. */
const quiet = 30

/** Measures rows that each read for themselves. */
export function rowsBench({ rows }: Contestant): { readonly bench: RowsBench; readonly hooks: RowsHooks } {
  const shown = new Map<number, Order>()
  let count = 0
  let onCommit: (() => void) | undefined

  /** Resolves with the time of the first commit after which this holds. */
  function committed(holds: () => boolean): Promise<number> {
    return new Promise((resolve) => {
      onCommit = () => {
        if (!holds()) return
        onCommit = undefined
        resolve(performance.now())
      }
    })
  }

  /** Sees a row become this version. */
  async function change(id: number, version: number, start: () => void): Promise<RowChange> {
    const before = probe.rowRenders
    const changed = committed(() => shown.get(id)?.version === version)
    start()
    const commit = (await changed) - probe.rowArrivedAt
    await new Promise((resolve) => {
      setTimeout(resolve, quiet)
    })
    return { commit, renders: probe.rowRenders - before }
  }

  return {
    hooks: {
      count: () => count,
      onRow(id, row) {
        if (row === undefined) return
        shown.set(id, row)
        onCommit?.()
      },
    },

    bench: {
      async mountRows(rowCount) {
        count = rowCount
        const allShown = committed(() => shown.size === rowCount)
        const start = performance.now()
        click('#mount')
        return (await allShown) - start
      },

      unmountRows() {
        click('#mount')
        shown.clear()
      },

      changeRow: (id, version) => change(id, version, () => rows.changed(id)),

      bringRow(id, version) {
        const row = makeOrder(id, version)
        return change(id, version, () => {
          probe.rowArrived()
          rows.arrived(row)
        })
      },
    },
  }
}
