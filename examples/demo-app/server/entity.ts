import type { Column, Value } from './column.ts'

/** A table of the database that is served below `/api`. Its columns drive its schema, its validation, its filters and its orders. */
export interface Entity {
  /** The table's name and its address. */
  readonly name: string
  /** In the order in which rows show them; one of them is `id`, and none is `version`, which every row gets besides. */
  readonly columns: Readonly<Record<string, Column>>
  /** The order of a list that asks for none, written as in its `sort` parameter. */
  readonly defaultSort: string
  /** The id of a row that was inserted without one, from the number of the row. */
  readonly newId: (rowNumber: number) => Value
}

export function columnOf(entity: Entity, name: string): Column | undefined {
  return Object.hasOwn(entity.columns, name) ? entity.columns[name] : undefined
}
