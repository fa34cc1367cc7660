import type { Row } from './column.ts'
import type { Condition, Dialect } from './dialect.ts'
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

/** Rows whose search text has every word of this one, wherever in it. */
export function searchConditions(dialect: Dialect, entity: Entity, text: string): Condition[] {
  return folded(text)
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => dialect.hasWord(entity, word))
}
