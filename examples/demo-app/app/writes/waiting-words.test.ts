import type { PauseReason } from '@vantage-live/core'
import { expect, test } from 'vitest'
import { waitingWords } from './waiting-words.ts'

test.each<[number, PauseReason | undefined, boolean, string]>([
  [0, undefined, true, 'No writes waiting'],
  [0, 'unreachable', true, 'No writes waiting'],
  [1, undefined, true, '1 write waiting'],
  [2, 'offline', true, '2 writes waiting: offline'],
  [2, 'unreachable', true, '2 writes waiting: the server is not reached, trying again'],
  [2, 'unreachable', false, '2 writes waiting: offline'],
  [2, 'unauthorized', false, '2 writes waiting: the server does not allow them'],
])('%i waiting, paused as %s and online %s: %s', (count, reason, isOnline, words) => {
  expect(waitingWords(count, reason && { reason, since: 0 }, isOnline)).toBe(words)
})
