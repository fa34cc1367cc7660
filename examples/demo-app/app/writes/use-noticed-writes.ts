import { useLiveWrites, type UseLiveWritesResult, type WriteVariables } from '@vantage-live/react'
import { errorWords } from '../error-words.ts'
import { labelOf, type Row, type Screen } from '../screen.ts'
import { useSession } from '../session/session.ts'

/** Writes to a screen's table. A short message tells what failed, and what was deleted, also on another screen by then. */
export function useNoticedWrites(screen: Screen): UseLiveWritesResult<Row> {
  const { notify } = useSession().notices
  return useLiveWrites(screen.table, {
    onSuccess: (_, { type, id }) => {
      if (type === 'delete') notify(`Deleted ${screen.noun} ${id}`, 'good')
    },
    onError: (error, write) => {
      if (!isTakenBack(error)) notify(`${writtenWords(screen, write)}. ${errorWords(error).message}`, 'bad')
    },
  })
}

function writtenWords({ table, noun }: Screen, { type, id, fields = {} }: WriteVariables<Row>): string {
  if (type === 'delete') return `The ${noun} ${id} was not deleted`
  const labels = Object.keys(fields).map((name) => labelOf(table, name))
  return `${labels.join(', ')} of ${id} was not saved`
}

/** Somebody has decided that it is not to be sent. */
function isTakenBack(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}
