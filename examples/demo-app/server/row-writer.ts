import type { DatabaseSync } from 'node:sqlite'
import type { Row, Value } from './column.ts'
import type { Entity } from './entity.ts'
import { searchText } from './search-text.ts'

/** Writes whole rows with what follows from them: the computed columns and the search index. */
export interface RowWriter {
  insert(rowNumber: number, row: Row): Row
  update(rowNumber: number, row: Row): Row
}

export function rowWriter(database: DatabaseSync, entity: Entity): RowWriter {
  const { name } = entity
  const columns = Object.entries(entity.columns)
  const written = [...columns.map(([column]) => column), 'searchText']
  const insert = database.prepare(`INSERT INTO ${name} (${written.join(', ')}, rowNumber) VALUES (${written.map(() => '?').join(', ')}, ?)`)
  const update = database.prepare(`UPDATE ${name} SET ${written.map((column) => `${column} = ?`).join(', ')} WHERE rowNumber = ?`)
  const index = database.prepare(`INSERT OR REPLACE INTO ${name}_search (searchText, rowid) VALUES (?, ?)`)

  const write = (statement: typeof insert, rowNumber: number, row: Row): Row => {
    const whole = Object.fromEntries(columns.map(([column, { computed }]) => [column, computed?.(row) ?? given(row, column)]))
    const text = searchText(entity, whole)
    statement.run(...Object.values(whole), text, rowNumber)
    index.run(text, rowNumber)
    return whole
  }

  return {
    insert: (rowNumber, row) => write(insert, rowNumber, row),
    update: (rowNumber, row) => write(update, rowNumber, row),
  }
}

function given(row: Row, column: string): Value {
  const value = row[column]
  if (value === undefined) throw new TypeError(`a row without ${column} cannot be written`)
  return value
}
