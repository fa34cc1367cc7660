import type { FailedWrite } from '@vantage-live/core'
import type { Row } from '../screen.ts'

/** The writes to rows that failed, by the row's id as a text. One that inserts has no row that it could stand beside. */
export function failedByRow(failed: readonly FailedWrite<Row>[]): ReadonlyMap<string | undefined, readonly FailedWrite<Row>[]> {
  return Map.groupBy(
    failed.filter(({ type }) => type !== 'insert' && type !== 'deleteAll'),
    ({ id }) => id,
  )
}
