import type { StorageReason, StorageStatus } from '@vantage-live/core'
import { expect, test } from 'vitest'
import { storageWords } from './storage-words.ts'

test.each<[StorageStatus['storage'], StorageReason | undefined, string | undefined]>([
  ['indexeddb', undefined, undefined],
  ['memory', 'denied', 'Kept in memory only: the browser does not allow storage'],
  ['memory', undefined, 'Kept in memory only'],
  ['degraded', 'full', 'Cache off: the disk is full'],
])('%s because of %s: %s', (storage, reason, words) => {
  expect(storageWords({ storage, since: 0, ...(reason && { reason }) })?.text).toBe(words)
})

test('before anything is known there is nothing to say', () => {
  expect(storageWords(undefined)).toBeUndefined()
})
