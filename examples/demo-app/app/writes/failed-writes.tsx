import type { FailedWrite } from '@vantage-live/core'
import { Fragment, type ReactNode } from 'react'
import { ReferencedTitle } from '../detail/referenced-rows.tsx'
import { errorWords } from '../error-words.ts'
import { editInputOf, labelIn, labelOf, titleOf, type Field, type Row, type Screen, type Value } from '../screen.ts'
import { Icon } from '../ui/icon.tsx'
import { isConflict, theirChanges } from './conflict.ts'
import { retryMayHelp } from './retry-may-help.ts'

interface FailedWritesProps {
  readonly screen: Screen
  readonly writes: readonly FailedWrite<Row>[]
  /** Says which row each is about, where that is not plain to see. */
  readonly namesRows?: boolean
  /** Called when it is decided what becomes of a write, right before the write goes from here. */
  readonly onDecide?: (write: FailedWrite<Row>) => void
}

/** What was not saved, and why, in the server's own words where it has any; and what can be done about it. */
export function FailedWrites({ screen, writes, namesRows = false, onDecide }: FailedWritesProps): ReactNode {
  return (
    <ul className="failed-writes">
      {writes.map((write) => {
        const discard = (): void => {
          onDecide?.(write)
          write.discard()
        }
        const retry = (): void => {
          onDecide?.(write)
          // Should it fail again, it is found here again.
          write.retry().catch(() => undefined)
        }
        const isMet = isConflict(write.error)
        return (
          <li key={write.key}>
            <Icon name="warning" />
            <span className="failed-write-words">
              <strong>
                <What screen={screen} write={write} namesRow={namesRows} />
              </strong>{' '}
              {isMet ? <Meanwhile screen={screen} error={write.error} /> : errorWords(write.error).message}
            </span>
            <span className="failed-write-buttons">
              {(isMet || retryMayHelp(write.error)) && (
                <button type="button" className="button small" onClick={retry}>
                  {isMet ? 'Keep mine' : 'Retry'}
                </button>
              )}
              <button type="button" className={isMet ? 'button small' : 'button small quiet'} onClick={discard}>
                {isMet ? 'Take theirs' : 'Discard'}
              </button>
            </span>
          </li>
        )
      })}
    </ul>
  )
}

interface WhatProps {
  readonly screen: Screen
  readonly write: FailedWrite<Row>
  readonly namesRow: boolean
}

function What({ screen, write: { type, id, fields = {} }, namesRow }: WhatProps): ReactNode {
  const { table, noun, title } = screen
  switch (type) {
    case 'insert': {
      const name = titleOf(table, fields)
      return `The new ${noun}${name === '' ? '' : ` “${name}”`} was not added.`
    }
    case 'patch':
    case 'replace':
      return (
        <>
          <Values screen={screen} fields={fields} between=" " />
          {namesRow && ` of ${noun} ${id}`} was not saved.
        </>
      )
    case 'delete':
      return `This ${noun}${namesRow ? `, ${id},` : ''} was not deleted.`
    case 'deleteAll':
      return `${title} were not deleted.`
  }
}

/** What somebody else has written. */
function Meanwhile({ screen, error }: { readonly screen: Screen; readonly error: unknown }): ReactNode {
  const names = screen.fields.filter((field) => editInputOf(field) !== undefined).map(({ name }) => name)
  const theirs = theirChanges(error, names)
  if (Object.keys(theirs).length === 0) return errorWords(error).message
  return (
    <>
      Somebody else has changed this row meanwhile: <Values screen={screen} fields={theirs} between=" is now " />.
    </>
  )
}

interface ValuesProps {
  readonly screen: Screen
  readonly fields: Partial<Row>
  readonly between: string
}

/** These fields and what is in them: `Qty “2”, Status “Open”`. */
function Values({ screen, fields, between }: ValuesProps): ReactNode {
  return Object.entries(fields).map(([name, value], index) => (
    <Fragment key={name}>
      {index > 0 && ', '}
      {labelOf(screen.table, name)}
      {between}“<ValueWords field={screen.fields.find((field) => field.name === name)} value={value ?? ''} />”
    </Fragment>
  ))
}

/** As it was put in: what is no number cannot be shown as one. */
function ValueWords({ field, value }: { readonly field: Field | undefined; readonly value: Value }): ReactNode {
  if (field?.input?.kind === 'reference') return <ReferencedTitle table={field.input.table} id={value} />
  return field?.input?.kind === 'select' ? labelIn(field.input.options, value) : value
}
