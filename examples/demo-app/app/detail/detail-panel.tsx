import type { FailedWrite } from '@vantage-live/core'
import { useLiveRow } from '@vantage-live/react'
import { useEffect, useRef, type ReactNode } from 'react'
import { errorWords } from '../error-words.ts'
import { idOf, titleOf, type Row, type Screen, type Value } from '../screen.ts'
import { focusGrid } from '../ui/focus-grid.ts'
import { Icon } from '../ui/icon.tsx'
import { Modal } from '../ui/modal.tsx'
import { failedByRow } from '../writes/failed-by-row.ts'
import { FailedWrites } from '../writes/failed-writes.tsx'
import { DetailField } from './detail-field.tsx'
import { ReferencedRows } from './referenced-rows.tsx'
import { StaleMark } from './stale-mark.tsx'

interface DetailPanelProps {
  readonly screen: Screen
  readonly id: string
  /** The row as the grid has it, where it is there. */
  readonly listed: Row | undefined
  /** When the grid's rows were asked for. */
  readonly listedAt: number | undefined
  readonly pendingIds: ReadonlySet<string>
  readonly failed: readonly FailedWrite<Row>[]
  readonly isNarrow: boolean
  readonly onSave: (id: Value, field: string, value: Value) => void
  /** The row was inserted here, and the server has given it this id. */
  readonly onStored: (id: string) => void
  readonly onClose: () => void
  readonly onDelete: (id: string) => void
}

/** All of one row, live; beside the grid, or over it where there is no room. */
export function DetailPanel(props: DetailPanelProps): ReactNode {
  const { screen, id, listed, listedAt, pendingIds, failed, isNarrow, onSave, onStored, onClose, onDelete } = props
  const { table } = screen
  const { data, error, fetchedAt, isSuccess, isPending: isLoading } = useLiveRow(table, table.rowKey(id))
  // Without a server, and before it has answered, there is what the grid shows.
  const row = isSuccess ? data : (data ?? listed)
  const ownId = row === undefined ? id : String(idOf(table, row))
  useEffect(() => {
    if (ownId !== id) onStored(ownId)
  })
  const title = row === undefined ? `${screen.noun} ${id}` : titleOf(table, row)

  const content =
    row !== undefined ? (
      <RowDetail
        screen={screen}
        row={row}
        error={error}
        fetchedAt={fetchedAt ?? listedAt}
        isPending={pendingIds.has(ownId)}
        failed={failedByRow(failed).get(ownId) ?? []}
        onSave={onSave}
        onDelete={() => onDelete(ownId)}
      />
    ) : (
      <p className="detail-state" role="status">
        {isLoading ? 'Looking it up…' : error === null ? `There is no ${screen.noun} ${id}.` : errorWords(error).message}
      </p>
    )

  return isNarrow ? (
    <Modal title={title} look="sheet" onClose={onClose}>
      {content}
    </Modal>
  ) : (
    <Aside title={title} onClose={onClose}>
      {content}
    </Aside>
  )
}

interface AsideProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
}

function Aside({ title, onClose, children }: AsideProps): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])

  const close = (): void => {
    focusGrid()
    onClose()
  }
  return (
    // Escape closes it from wherever in it the focus is.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <aside className="detail" aria-label="Details" onKeyDown={(event) => event.key === 'Escape' && close()}>
      <header className="modal-head">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" className="button icon-only quiet" aria-label="Close details" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </aside>
  )
}

interface RowDetailProps {
  readonly screen: Screen
  readonly row: Row
  readonly error: unknown
  readonly fetchedAt: number | undefined
  readonly isPending: boolean
  readonly failed: readonly FailedWrite<Row>[]
  readonly onSave: (id: Value, field: string, value: Value) => void
  readonly onDelete: () => void
}

function RowDetail({ screen, row, error, fetchedAt, isPending, failed, onSave, onDelete }: RowDetailProps): ReactNode {
  const { table, fields, noun, Related } = screen
  const id = idOf(table, row)
  return (
    <div className="detail-body" aria-busy={isPending}>
      <StaleMark table={table} error={error} fetchedAt={fetchedAt} />
      {failed.length > 0 && <FailedWrites screen={screen} writes={failed} />}
      <dl className="fields">
        {fields.map((field) => (
          <DetailField
            key={`${table.rowKey(id)}/${field.name}`}
            screen={screen}
            row={row}
            field={field}
            onSave={(value) => onSave(id, field.name, value)}
          />
        ))}
      </dl>
      <ReferencedRows table={table} row={row} />
      {Related !== undefined && <Related row={row} />}
      <footer className="detail-foot">
        <button type="button" className="button danger" onClick={onDelete}>
          <Icon name="trash" />
          <span>Delete {noun}</span>
        </button>
        {isPending && <span className="muted">Saving…</span>}
      </footer>
    </div>
  )
}
