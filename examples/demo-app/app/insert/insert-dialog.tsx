import { useMutation } from '@tanstack/react-query'
import { useLiveWrites } from '@vantage-live/react'
import { useId, useRef, useState, type ReactNode } from 'react'
import { errorWords } from '../error-words.ts'
import { valueOf } from '../grid/value-editor.tsx'
import { useIsOnline } from '../network.ts'
import { idOf, type Row, type Screen, type Value } from '../screen.ts'
import { useSession } from '../session/session.ts'
import { Modal } from '../ui/modal.tsx'
import { reasonWords } from '../writes/waiting-words.ts'
import { InsertField } from './insert-field.tsx'

interface InsertDialogProps {
  readonly screen: Screen
  readonly onClose: () => void
  readonly onInserted: (id: string) => void
}

/** A form for a new row. What is left empty is the server's to fill in. The row is in the grid while the server is asked. */
export function InsertDialog({ screen, onClose, onInserted }: InsertDialogProps): ReactNode {
  const { table, noun, fields, newRow } = screen
  const { notify } = useSession().notices
  const formId = useId()
  const asked = fields.flatMap((field) =>
    field.input === undefined || field.onInsert === undefined ? [] : [{ field, input: field.input }],
  )

  const firstRequired = asked.find(({ field }) => field.onInsert === 'required')

  const writes = useLiveWrites(table)
  const isOnline = useIsOnline()
  const [cancelling] = useState(() => new AbortController())
  const isLeft = useRef(false)
  const insert = useMutation({
    mutationFn: (row: Partial<Row>) => writes.insert(row, { signal: cancelling.signal }),
    onSuccess: (row) => {
      const id = String(idOf(table, row))
      notify(`Added ${noun} ${id}`, 'good')
      if (!isLeft.current) onInserted(id)
    },
    onError: (error) => {
      if (isLeft.current) notify(`The new ${noun} was not added. ${errorWords(error).message}`, 'bad')
      // The form has it all, to be sent again.
      else table.failed.find((write) => write.error === error)?.discard()
    },
  })
  const refusal = insert.error === null ? undefined : errorWords(insert.error)
  const heldUp = insert.isPending ? reasonWords(writes.paused, isOnline) : undefined

  const submit = (form: FormData): void => {
    const values = asked.flatMap(({ field, input }): [string, Value][] => {
      const text = form.get(field.name)
      return typeof text !== 'string' || text === '' ? [] : [[field.name, valueOf(input, text)]]
    })
    insert.mutate({ ...newRow?.(), ...Object.fromEntries(values) })
  }

  const cancel = (): void => {
    cancelling.abort()
    onClose()
  }

  const leave = (): void => {
    isLeft.current = true
    onClose()
  }

  return (
    <Modal title={`New ${noun}`} onClose={cancel}>
      <form
        id={formId}
        className="modal-body form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (!insert.isPending) submit(new FormData(event.currentTarget))
        }}
      >
        {asked.map(({ field, input }) => (
          <InsertField
            key={field.name}
            screen={screen}
            field={field}
            input={input}
            hasFirstFocus={field === firstRequired?.field}
            isWrong={refusal?.field === field.name}
          />
        ))}
      </form>
      <footer className="modal-foot">
        {refusal !== undefined && (
          <p className="refused" role="alert">
            {refusal.message}
          </p>
        )}
        {heldUp !== undefined && (
          <p className="held-up" role="status">
            Not sent yet: {heldUp}. You can leave it waiting; it is sent as soon as the server takes it.
          </p>
        )}
        <button type="button" className="button" onClick={cancel}>
          Cancel
        </button>
        {/* It stays the same button, which has the focus. */}
        <button
          type={heldUp === undefined ? 'submit' : 'button'}
          form={formId}
          className="button primary"
          aria-disabled={insert.isPending && heldUp === undefined}
          onClick={heldUp === undefined ? undefined : leave}
        >
          {heldUp !== undefined ? 'Leave it waiting' : insert.isPending ? 'Adding…' : `Add ${noun}`}
        </button>
      </footer>
    </Modal>
  )
}
