import type { ReactNode } from 'react'
import type { Screen } from '../screen.ts'
import { Modal } from '../ui/modal.tsx'

interface DeleteDialogProps {
  readonly screen: Screen
  readonly id: string
  readonly onClose: () => void
  readonly onDelete: () => void
}

/** Asks first. What the server has against it stands beside the row, which is then back. */
export function DeleteDialog({ screen: { noun }, id, onClose, onDelete }: DeleteDialogProps): ReactNode {
  return (
    <Modal title={`Delete ${noun} ${id}?`} onClose={onClose}>
      <div className="modal-body">
        <p>It is gone for everybody, and cannot be brought back.</p>
      </div>
      <footer className="modal-foot">
        <button type="button" className="button" data-first-focus onClick={onClose}>
          Keep it
        </button>
        <button type="button" className="button danger primary" onClick={onDelete}>
          Delete
        </button>
      </footer>
    </Modal>
  )
}
