import { ownCopy } from '../table/own-copy.ts'
import { fieldOf } from '../table/row.ts'
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
  if (later.type === 'delete' || later.type === 'deleteAll') return true
  if (change.type === 'insert' || later.type === 'insert') return change.type === later.type
  if (later.type === 'replace') return true
  return change.type === 'patch' && Object.keys(change.partial).every((field) => Object.hasOwn(later.partial, field))
}

/** The same change with other fields. The version is the master's to give. */
export function withFields<Row extends object>(
  change: Change<Row>,
  fields: Partial<Row>,
  { idField, versionField }: { readonly idField: string; readonly versionField?: string | undefined },
): Change<Row> {
  const own = ownCopy('fields', fields)
  switch (change.type) {
    case 'insert':
      return { ...change, row: own }
    case 'replace':
      return { ...change, row: { ...change.row, ...own, [idField]: fieldOf(change.row, idField) ?? change.id } }
    case 'patch':
      if (versionField !== undefined) Reflect.deleteProperty(own, versionField)
      return { ...change, partial: own }
    case 'delete':
    case 'deleteAll':
      return change
  }
}
