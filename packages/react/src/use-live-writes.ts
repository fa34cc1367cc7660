'use client'

import type { ChangeOptions, FailedWrite, LiveTable, Pause, PendingWrite, RowId, WriteOptions, WriteType } from '@vantage-live/core'
import { useEffect, useMemo, useState } from 'react'
import { useWritesState } from './use-writes-state.ts'

/** What a write was called with. */
export interface WriteVariables<Row extends object> {
  readonly type: WriteType
  /** Undefined for an insert and for `removeAll`. */
  readonly id: RowId | undefined
  /** The row or the fields; undefined where it deletes. */
  readonly fields: Partial<Row> | undefined
}

/** Hear of the calls of this hook, as in TanStack Query's `useMutation`; not of what `failed` sends again. */
export interface UseLiveWritesOptions<Row extends object> {
  /** @param stored the row as the master holds it; undefined where it was deleted */
  readonly onSuccess?: (stored: Row | undefined, write: WriteVariables<Row>) => void
  /** Also of what was cancelled. What failed for good is under `failed` besides. */
  readonly onError?: (error: unknown, write: WriteVariables<Row>) => void
  readonly onSettled?: (stored: Row | undefined, error: unknown, write: WriteVariables<Row>) => void
}

/** Writes to a table, and what becomes of them. */
export interface UseLiveWritesResult<Row extends object> {
  /** As the table's `insert`. Like all of these it may be called and forgotten: what fails is under `failed`. */
  readonly insert: (row: Partial<Row>, options?: WriteOptions) => Promise<Row>
  readonly replace: (id: RowId, row: Row, options?: WriteOptions & ChangeOptions) => Promise<Row>
  readonly patch: (id: RowId, partial: Partial<Row>, options?: WriteOptions & ChangeOptions) => Promise<Row>
  /** Deletes a row. */
  readonly remove: (id: RowId, options?: WriteOptions) => Promise<void>
  /** Deletes all rows of the master. */
  readonly removeAll: (options?: WriteOptions) => Promise<void>
  /** Sends what waits, after a pause. */
  readonly resume: () => void
  /** Whether any write to the table is queued or under way. */
  readonly isPending: boolean
  /** The writes to the table that are queued or under way, by whomever in this tab. */
  readonly pending: readonly PendingWrite<Row>[]
  /** Those that failed and are held aside, each with its `error`, `retry()`, `edit()` and `discard()`. */
  readonly failed: readonly FailedWrite<Row>[]
  /** Why no writes are sent at present: offline, out of reach, or a token is wanted. */
  readonly paused: Pause | undefined
}

/**
 * Writes to a live table or view. Each shows at once wherever the table is shown, until the master has it or has refused it.
 * The functions are the same at each render.
 */
export function useLiveWrites<Row extends object>(
  table: LiveTable<Row>,
  options: UseLiveWritesOptions<Row> = {},
): UseLiveWritesResult<Row> {
  const [latest] = useState(holder<UseLiveWritesOptions<Row>>)
  useEffect(() => latest.set(options))
  const functions = useMemo(() => writesTo(table, latest.get), [table, latest])
  const pending = useWritesState(table, pendingOf<Row>)
  const failed = useWritesState(table, failedOf<Row>)
  const paused = useWritesState(table, pausedOf)
  return useMemo(() => ({ ...functions, isPending: pending.length > 0, pending, failed, paused }), [functions, pending, failed, paused])
}

type Functions<Row extends object> = Pick<UseLiveWritesResult<Row>, 'insert' | 'replace' | 'patch' | 'remove' | 'removeAll' | 'resume'>

function writesTo<Row extends object>(table: LiveTable<Row>, options: () => UseLiveWritesOptions<Row> | undefined): Functions<Row> {
  const follow = <Stored>(
    written: Promise<Stored>,
    write: WriteVariables<Row>,
    rowIn: (answer: Stored) => Row | undefined,
  ): Promise<Stored> => {
    written.then(
      (answer) => {
        const stored = rowIn(answer)
        try {
          options()?.onSuccess?.(stored, write)
        } finally {
          options()?.onSettled?.(stored, undefined, write)
        }
      },
      (error: unknown) => {
        const { onError, onSettled } = options() ?? {}
        try {
          onError?.(error, write)
        } finally {
          onSettled?.(undefined, error, write)
        }
        // What is held aside or was cancelled is no news; a mistaken call, or a closed table, is.
        const isKnown = onError !== undefined || table.failed.some((failed) => failed.error === error)
        if (!isKnown && !isAbort(error)) throw error
      },
    )
    return written
  }
  return {
    insert: (row, own) => follow(table.insert(row, own), { type: 'insert', id: undefined, fields: row }, itself),
    replace: (id, row, own) => follow(table.replace(id, row, own), { type: 'replace', id, fields: row }, itself),
    patch: (id, partial, own) => follow(table.patch(id, partial, own), { type: 'patch', id, fields: partial }, itself),
    remove: (id, own) => follow(table.delete(id, own), { type: 'delete', id, fields: undefined }, nothing),
    removeAll: (own) => follow(table.deleteAll(own), { type: 'deleteAll', id: undefined, fields: undefined }, nothing),
    resume: () => table.resume(),
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

function itself<Row>(row: Row): Row {
  return row
}

function nothing(): undefined {
  return undefined
}

/** Holds what the last render was given, for those who are called later. */
function holder<Held>(): { readonly get: () => Held | undefined; readonly set: (held: Held) => void } {
  let latest: Held | undefined
  return {
    get: () => latest,
    set: (held) => {
      latest = held
    },
  }
}

function pendingOf<Row extends object>(table: LiveTable<Row>): readonly PendingWrite<Row>[] {
  return table.pending
}

function failedOf<Row extends object>(table: LiveTable<Row>): readonly FailedWrite<Row>[] {
  return table.failed
}

function pausedOf<Row extends object>(table: LiveTable<Row>): Pause | undefined {
  return table.paused
}
