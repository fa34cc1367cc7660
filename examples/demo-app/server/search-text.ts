import type { Row } from './column.ts'
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

/** The words of a text, each once. One that is part of another is left out: a row that has the longer one has it, too. */
export function searchWords(text: string): string[] {
  const words = [...new Set(folded(text).split(/\s+/))].filter((word) => word !== '')
  return words.filter((word) => !words.some((other) => other !== word && other.includes(word)))
}
