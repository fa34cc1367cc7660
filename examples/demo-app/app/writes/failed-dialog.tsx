import type { FailedWrite } from '@vantage-live/core'
import type { ReactNode } from 'react'
import type { Row, Screen } from '../screen.ts'
import { Modal } from '../ui/modal.tsx'
import { FailedWrites } from './failed-writes.tsx'

interface FailedDialogProps {
  readonly screen: Screen
  readonly failed: readonly FailedWrite<Row>[]
  readonly onClose: () => void
}

/** All changes that were not saved, also those whose row is not in sight. */
export function FailedDialog({ screen, failed, onClose }: FailedDialogProps): ReactNode {
  return (
    <Modal title="Not saved" onClose={onClose}>
      <div className="modal-body failed-dialog">
        <FailedWrites screen={screen} writes={failed} namesRows onDecide={() => failed.length === 1 && onClose()} />
      </div>
    </Modal>
  )
}
