import type { RowId } from '../table/table.ts'

/** What a write is to do, as plain data. */
export type Change<Row> =
  /** `newId` names the row until the master has given it its own id; undefined where it brings one along. */
  | { readonly type: 'insert'; readonly row: Partial<Row>; readonly newId: string | undefined }
  | { readonly type: 'replace'; readonly id: RowId; readonly row: Row }
  | { readonly type: 'patch'; readonly id: RowId; readonly partial: Partial<Row> }
  | { readonly type: 'delete'; readonly id: RowId }
  | { readonly type: 'deleteAll' }

/** The fields that a change brings; undefined where it deletes. */
export function fieldsOf<Row>(change: Change<Row>): Partial<Row> | undefined {
  switch (change.type) {
    case 'insert':
    case 'replace':
      return change.row
    case 'patch':
      return change.partial
    case 'delete':
    case 'deleteAll':
      return undefined
  }
}

/** Whether all that one change writes is written by a later one to the same row too. */
export function isCovered<Row extends object>(change: Change<Row>, later: Change<Row>): boolean {
  if (later.type !== 'patch') return later.type !== 'insert'
  return change.type === 'patch' && Object.keys(change.partial).every((field) => Object.hasOwn(later.partial, field))
}
