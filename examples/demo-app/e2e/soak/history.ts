import { DatabaseSync } from 'node:sqlite'
import { textFields, type TextField } from './soak-plan.ts'

/** An order as the server answers with it. */
export interface StoredOrder extends Readonly<Record<string, string | number>> {
  readonly id: string
  readonly version: string
}

/** A change of an order as the database tells of it. */
export interface Change {
  readonly position: number
  readonly type: string
  readonly id: string
  /** The key of the request that made it. */
  readonly key: string | undefined
  /** As it is after it; undefined after a deletion. */
  readonly row: StoredOrder | undefined
}

/** What the server has stored, from the log in its database. */
export interface History {
  readonly changes: readonly Change[]
  /** Reads what has come. To be called before the log gives up what is old. */
  readOn(): void
  /** Empties the log. To be called while there is no server. */
  forget(): void
  /** When a row came to hold a text, as a position: 0 where it did so from the start. Undefined where it never did. */
  positionOf(id: string, field: TextField, text: string): number | undefined
  /** The changes by which a text came into a row. */
  changesTo(text: string): readonly Change[]
  /** The orders that are stored now, in the order of the default list. */
  orders(): readonly StoredOrder[]
}

export function readHistory(file: string): History {
  const changes: Change[] = []
  const rows = new Map<string, StoredOrder>()
  const positions = new Map<string, number>()
  const byText = new Map<string, Change[]>()
  let last = 0

  const query = (text: string, ...values: readonly number[]): Record<string, unknown>[] => {
    const database = new DatabaseSync(file, { timeout: 5_000 })
    try {
      return database.prepare(text).all(...values)
    } finally {
      database.close()
    }
  }
  const nameOf = (id: string, field: TextField, text: string): string => JSON.stringify([id, field, text])
  const see = (row: StoredOrder, position: number, change?: Change): void => {
    const former = rows.get(row.id)
    for (const field of textFields) {
      const text = String(row[field])
      if (former?.[field] === text) continue
      if (!positions.has(nameOf(row.id, field, text))) positions.set(nameOf(row.id, field, text), position)
      if (change !== undefined) byText.set(text, [...(byText.get(text) ?? []), change])
    }
    rows.set(row.id, row)
  }
  const orders = (): StoredOrder[] =>
    query('SELECT * FROM orders ORDER BY "placedAt" DESC, "rowNumber" DESC').map((row) => {
      const fields = Object.entries(row).filter(([name]) => !['rowNumber', 'searchText', 'version'].includes(name))
      return { ...(Object.fromEntries(fields) as Record<string, string | number>), id: String(row['id']), version: String(row['version']) }
    })

  for (const row of orders()) see(row, 0)
  return {
    changes,
    readOn() {
      const found = query('SELECT position, "table", event FROM events WHERE position > ? ORDER BY position', last)
      for (const { position, table, event } of found) {
        last = Number(position)
        if (table !== 'orders') continue
        const { type, id, row, write } = JSON.parse(String(event))
        const change: Change = { position: last, type, id: String(id), key: write, row }
        changes.push(change)
        if (change.row !== undefined) see(change.row, last, change)
        else rows.delete(change.id)
      }
    },
    forget: () => void query('DELETE FROM events'),
    positionOf: (id, field, text) => positions.get(nameOf(id, field, text)),
    changesTo: (text) => byText.get(text) ?? [],
    orders,
  }
}
