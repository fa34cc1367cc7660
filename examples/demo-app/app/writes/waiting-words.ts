import type { Pause } from '@vantage-live/core'

/** How many writes wait, and why. */
export function waitingWords(count: number, paused: Pause | undefined, isOnline: boolean): string {
  if (count === 0) return 'No writes waiting'
  const reason = reasonWords(paused, isOnline)
  return `${count} ${count === 1 ? 'write' : 'writes'} waiting${reason === undefined ? '' : `: ${reason}`}`
}

/** Why writes wait; undefined where they do not. */
export function reasonWords(paused: Pause | undefined, isOnline: boolean): string | undefined {
  if (paused === undefined) return undefined
  if (paused.reason === 'unauthorized') return 'the server does not allow them'
  return paused.reason === 'offline' || !isOnline ? 'offline' : 'the server is not reached, trying again'
}
