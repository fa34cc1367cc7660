import type { StorageReason, StorageStatus } from '@vantage-live/core'

/** What is amiss with the storage, for a person. */
export interface StorageWords {
  readonly text: string
  /** What that means. */
  readonly title: string
}

/** Undefined where the storage is as it was to be. */
export function storageWords(status: StorageStatus | undefined): StorageWords | undefined {
  const reason = status?.reason && reasons[status.reason]
  if (status?.storage === 'memory') {
    return { text: withReason('Kept in memory only', reason), title: 'What was looked at is gone when the page is left' }
  }
  if (status?.storage === 'degraded') {
    return { text: withReason('Cache off', reason), title: 'The server is asked for everything; the storage is tried again each time' }
  }
  return undefined
}

const reasons: Readonly<Record<StorageReason, string>> = {
  missing: 'the browser has no storage',
  denied: 'the browser does not allow storage',
  full: 'the disk is full',
  closed: 'the browser has closed the storage',
  blocked: 'another tab keeps the storage closed',
  silent: 'the storage does not answer',
  foreign: 'another app’s data is in its place',
  failed: 'the storage fails',
}

function withReason(text: string, reason: string | undefined): string {
  return reason === undefined ? text : `${text}: ${reason}`
}
