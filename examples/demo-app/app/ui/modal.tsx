import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import { focusGrid } from './focus-grid.ts'
import { Icon } from './icon.tsx'

interface ModalProps {
  readonly title: string
  /** What it looks like: a box in the middle, or a sheet that takes the whole of a small window. */
  readonly look?: 'box' | 'sheet'
  readonly onClose: () => void
  readonly children: ReactNode
}

/** A dialog that keeps the focus inside and gives it back; the browser does both. It begins where `data-first-focus` is. */
export function Modal({ title, look = 'box', onClose, children }: ModalProps): ReactNode {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()

  useLayoutEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    const first = dialog?.querySelector<HTMLElement>('[data-first-focus]') ?? dialog?.querySelector('h2')
    first?.focus()
    return () => {
      dialog?.close()
      // What had the focus before may be gone, or go with the same change.
      queueMicrotask(() => {
        if (document.activeElement === document.body) focusGrid()
      })
    }
  }, [])

  return (
    <dialog
      ref={ref}
      className="modal"
      data-look={look}
      aria-labelledby={titleId}
      // A form is not lost by a click beside it.
      closedby={look === 'sheet' ? 'any' : 'closerequest'}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <header className="modal-head">
        <h2 id={titleId} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" className="button icon-only quiet" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  )
}
