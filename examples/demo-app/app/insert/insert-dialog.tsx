import { useMutation } from '@tanstack/react-query'
import { useId, type ReactNode } from 'react'
import { errorWords } from '../error-words.ts'
import { valueOf } from '../grid/value-editor.tsx'
import { notify } from '../notices.ts'
import { idOf, type Row, type Screen, type Value } from '../screen.ts'
import { Modal } from '../ui/modal.tsx'
import { InsertField } from './insert-field.tsx'

interface InsertDialogProps {
  readonly screen: Screen
  readonly onClose: () => void
  readonly onInserted: (id: string) => void
}

/** A form for a new row. What is left empty is the server's to fill in. */
export function InsertDialog({ screen, onClose, onInserted }: InsertDialogProps): ReactNode {
  const { table, noun, fields } = screen
  const formId = useId()
  const asked = fields.flatMap((field) =>
    field.input === undefined || field.onInsert === undefined ? [] : [{ field, input: field.input }],
  )

  const firstRequired = asked.find(({ field }) => field.onInsert === 'required')

  const insert = useMutation({
    mutationFn: (row: Partial<Row>) => table.insert(row),
    onSuccess: (row) => {
      const id = String(idOf(table, row))
      notify(`Added ${noun} ${id}`, 'good')
      onInserted(id)
    },
  })
  const refusal = insert.error === null ? undefined : errorWords(insert.error)

  const submit = (form: FormData): void => {
    const values = asked.flatMap(({ field, input }): [string, Value][] => {
      const text = form.get(field.name)
      return typeof text !== 'string' || text === '' ? [] : [[field.name, valueOf(input, text)]]
    })
    insert.mutate(Object.fromEntries(values))
  }

  return (
    <Modal title={`New ${noun}`} onClose={onClose}>
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
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" form={formId} className="button primary" aria-disabled={insert.isPending}>
          {insert.isPending ? 'Adding…' : `Add ${noun}`}
        </button>
      </footer>
    </Modal>
  )
}
