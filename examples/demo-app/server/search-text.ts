import type { Row, Value } from './column.ts'
import type { Entity } from './entity.ts'

/** A text without its case and its accents, so that `sao` finds São Paulo. */
export function folded(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036F]/g, '')
}

/** What the search compares a row with. */
export function searchText(entity: Entity, row: Row): string {
  const searched = Object.entries(entity.columns).filter(([, column]) => column.searched)
  return folded(searched.map(([name]) => row[name]).join('\n'))
}

/** A condition and the values of its question marks. */
export interface Condition {
  readonly sql: string
  readonly values: readonly (Value | null)[]
}

/** Rows whose search text has every word of this one, wherever in it. */
export function searchConditions(entity: Entity, text: string): Condition[] {
  return folded(text)
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => wordCondition(entity, word))
}

/** The index is made of runs of three characters; a shorter word is looked for in every row. */
function wordCondition(entity: Entity, word: string): Condition {
  if (Array.from(word).length < 3) return { sql: 'instr(searchText, ?) > 0', values: [word] }
  const index = `${entity.name}_search`
  return {
    sql: `rowNumber IN (SELECT rowid FROM ${index} WHERE ${index} MATCH ?)`,
    values: [`"${word.replaceAll('"', '""')}"`],
  }
}
