import { errorWords } from '../error-words.ts'
import type { Notices } from '../notices.ts'
import { idOf, labelOf, type Row, type Screen } from '../screen.ts'

/** Changes one of these rows as another person would: straight at the server, past the live table, which hears of it by its stream. */
export async function editAsSomebody(
  { noun, table, somebody, somebodysChange }: Screen,
  rows: readonly Row[],
  { notify }: Notices,
): Promise<void> {
  const row = rows[Math.floor(Math.random() * rows.length)]
  if (row === undefined) return notify('There is no row here that somebody could edit.')
  const id = idOf(table, row)
  const changed = somebodysChange(row)
  try {
    await somebody.patch(id, changed)
    const words = Object.entries(changed).map(([name, value]) => `${labelOf(table, name).toLowerCase()} is ${value}`)
    notify(`Somebody else edited ${noun} ${id}: ${words.join(', ')}`)
  } catch (error) {
    notify(`Somebody else could not edit ${noun} ${id}. ${errorWords(error).message}`, 'bad')
  }
}
