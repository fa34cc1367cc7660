import { ConflictError, RestoredError } from '@vantage-live/core'
import type { Row } from '../screen.ts'

/** Whether somebody else's change was in the way. */
export function isConflict(error: unknown): boolean {
  return isKnownConflict(error) || (error instanceof RestoredError && error.originalCode === 'conflict')
}

/** Which of these fields somebody else has changed, and to what; none where that is not known, as after a reload. */
export function theirChanges(error: unknown, names: readonly string[]): Row {
  if (!isKnownConflict(error) || error.theirs === undefined) return {}
  const { mine, base, theirs } = error
  const isTheirs = (name: string): boolean => (base === undefined ? Object.hasOwn(mine, name) : base[name] !== theirs[name])
  return Object.fromEntries(Object.entries(theirs).filter(([name]) => names.includes(name) && isTheirs(name)))
}

function isKnownConflict(error: unknown): error is ConflictError<Row> {
  return error instanceof ConflictError
}
