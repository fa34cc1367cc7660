import { useLiveRow } from '@vantage-live/react'
import { useEffect, useRef, type ReactNode } from 'react'
import { errorWords } from '../error-words.ts'
import { RefusedEdits } from '../grid/refused-edits.tsx'
import type { Edits } from '../grid/use-edits.ts'
import { idOf, titleOf, type Row, type Screen } from '../screen.ts'
import { focusGrid } from '../ui/focus-grid.ts'
import { Icon } from '../ui/icon.tsx'
import { Modal } from '../ui/modal.tsx'
import { DetailField } from './detail-field.tsx'
import { ReferencedRows } from './referenced-rows.tsx'

interface DetailPanelProps {
  readonly screen: Screen
  readonly id: string
  readonly edits: Edits
  readonly isPending: boolean
  readonly isNarrow: boolean
  readonly onClose: () => void
  readonly onDelete: (id: string) => void
}

/** All of one row, live; beside the grid, or over it where there is no room. */
export function DetailPanel({ screen, id, edits, isPending, isNarrow, onClose, onDelete }: DetailPanelProps): ReactNode {
  const { data: stored, error, isPending: isLoading } = useLiveRow(screen.table, id)
  const [row] = edits.overlay(stored === undefined ? [] : [stored])
  const title = row === undefined ? `${screen.noun} ${id}` : titleOf(screen.table, row)

  const content =
    row !== undefined ? (
      <RowDetail screen={screen} row={row} edits={edits} isPending={isPending} onDelete={() => onDelete(id)} />
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
  readonly edits: Edits
  readonly isPending: boolean
  readonly onDelete: () => void
}

function RowDetail({ screen, row, edits, isPending, onDelete }: RowDetailProps): ReactNode {
  const { table, fields, noun, Related } = screen
  const id = idOf(table, row)
  const refusals = edits.refusals.get(String(id))
  return (
    <div className="detail-body" aria-busy={isPending}>
      {refusals !== undefined && <RefusedEdits screen={screen} refusals={refusals} onDismiss={(field) => edits.dismiss(id, field)} />}
      <dl className="fields">
        {fields.map((field) => (
          <DetailField
            key={`${id}/${field.name}`}
            screen={screen}
            row={row}
            field={field}
            onSave={(value) => edits.save(id, field.name, value)}
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
