import { useQueryClient } from '@tanstack/react-query'
import type { LiveTable } from '@vantage-live/core'
import { useCallback, useMemo, useState } from 'react'
import { errorWords } from '../error-words.ts'
import { notify } from '../notices.ts'
import { idOf, labelOf, type Row, type Value } from '../screen.ts'
import { renewed } from './renewed.ts'

/** A change to one cell that is under way, or was refused. */
interface Edit {
  readonly id: Value
  readonly field: string
  readonly value: Value
  /** The server's words; undefined while it is under way. */
  readonly refusal?: string
}

/** A change that the server did not take. */
export interface Refusal {
  readonly field: string
  readonly value: Value
  readonly message: string
}

export interface Edits {
  readonly save: (id: Value, field: string, value: Value) => void
  /** The rows as they will be once what is under way is stored. */
  readonly overlay: (rows: readonly Row[]) => readonly Row[]
  /** By row, as `String(id)`. */
  readonly refusals: ReadonlyMap<string, readonly Refusal[]>
  readonly dismiss: (id: Value, field: string) => void
}

/** Sends edits to the table. Each is shown at once, until the page has it or, with the reason, the server has refused it. */
export function useEdits(table: LiveTable<Row>): Edits {
  const client = useQueryClient()
  const [edits, setEdits] = useState<readonly Edit[]>([])

  const dismiss = useCallback((id: Value, field: string) => setEdits((all) => all.filter((edit) => !isOf(edit, id, field))), [])

  const save = useCallback(
    async (id: Value, field: string, value: Value) => {
      const edit: Edit = { id, field, value }
      setEdits((all) => [...all.filter((former) => !isOf(former, id, field)), edit])
      try {
        await table.patch(id, { [field]: value })
        await renewed(client, table)
        setEdits((all) => all.filter((each) => each !== edit))
      } catch (error) {
        const refusal = errorWords(error).message
        notify(`${labelOf(table, field)} of ${id} was not saved. ${refusal}`, 'bad')
        setEdits((all) => all.map((each) => (each === edit ? { ...edit, refusal } : each)))
      }
    },
    [client, table],
  )

  return useMemo(
    () => ({
      save: (id, field, value) => void save(id, field, value),
      dismiss,
      overlay: (rows) => (edits.length === 0 ? rows : rows.map((row) => withEdits(row, idOf(table, row), edits))),
      refusals: refusalsByRow(edits),
    }),
    [table, edits, save, dismiss],
  )
}

function isOf(edit: Edit, id: Value, field: string): boolean {
  return edit.id === id && edit.field === field
}

function withEdits(row: Row, id: Value, edits: readonly Edit[]): Row {
  const own = edits.filter((edit) => edit.id === id && edit.refusal === undefined)
  return own.length === 0 ? row : { ...row, ...Object.fromEntries(own.map(({ field, value }) => [field, value])) }
}

function refusalsByRow(edits: readonly Edit[]): ReadonlyMap<string, readonly Refusal[]> {
  const byRow = new Map<string, Refusal[]>()
  for (const { id, field, value, refusal } of edits) {
    if (refusal === undefined) continue
    byRow.set(String(id), [...(byRow.get(String(id)) ?? []), { field, value, message: refusal }])
  }
  return byRow
}
