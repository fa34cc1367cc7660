import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { errorWords } from '../error-words.ts'
import { notify } from '../notices.ts'
import type { Screen } from '../screen.ts'
import { Modal } from '../ui/modal.tsx'

interface DeleteDialogProps {
  readonly screen: Screen
  readonly id: string
  readonly onClose: () => void
  readonly onDeleted: () => void
}

export function DeleteDialog({ screen: { table, noun }, id, onClose, onDeleted }: DeleteDialogProps): ReactNode {
  const remove = useMutation({
    mutationFn: () => table.delete(id),
    onSuccess: () => {
      notify(`Deleted ${noun} ${id}`, 'good')
      onDeleted()
    },
  })
  // A button that is really disabled would lose the focus.
  const press = (): void => {
    if (!remove.isPending) remove.mutate()
  }
  return (
    <Modal title={`Delete ${noun} ${id}?`} onClose={onClose}>
      <div className="modal-body">
        <p>It is gone for everybody, and cannot be brought back.</p>
        {remove.error !== null && (
          <p className="refused" role="alert">
            {errorWords(remove.error).message}
          </p>
        )}
      </div>
      <footer className="modal-foot">
        <button type="button" className="button" data-first-focus onClick={onClose}>
          Keep it
        </button>
        <button type="button" className="button danger primary" aria-disabled={remove.isPending} onClick={press}>
          {remove.isPending ? 'Deleting…' : 'Delete'}
        </button>
      </footer>
    </Modal>
  )
}
