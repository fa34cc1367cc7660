import type { LiveTable } from '@vantage-live/core'
import { useLiveStatus } from '@vantage-live/react'
import { useState } from 'react'
import { errorWords } from '../error-words.ts'
import { useIsOnline } from '../network.ts'
import { useNow } from './use-now.ts'

/** How long a stream may be away, as when it is handed on from tab to tab, before that is worth a word, in ms. */
const grace = 3_000

/** Why rows of a table may be out of date for longer than a moment; undefined where they are kept right. */
export function useDoubt<Row extends object>(table: LiveTable<Row>, error: unknown): string | undefined {
  const now = useNow()
  const isOnline = useIsOnline()
  const stream = useLiveStatus(table)
  const isLive = stream === undefined || stream.state === 'open' || stream.state === 'polling'
  // Its own `since` begins anew with each attempt to connect.
  const [last, setLast] = useState({ isLive, since: now })
  if (last.isLive !== isLive) setLast({ isLive, since: now })

  if (!isOnline) return 'The app is offline.'
  if (error !== null) return errorWords(error).message
  return isLive || now - last.since < grace ? undefined : 'There is no word from the server.'
}
