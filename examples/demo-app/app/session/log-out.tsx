import { useLiveWrites } from '@vantage-live/react'
import { useEffect, useState, type ReactNode } from 'react'
import { errorWords } from '../error-words.ts'
import { network, useIsOnline } from '../network.ts'
import { gridTable } from '../screen.ts'
import { Icon } from '../ui/icon.tsx'
import { Modal } from '../ui/modal.tsx'
import { reasonWords } from '../writes/waiting-words.ts'
import { logOut } from './presence.ts'
import { useSession } from './session.ts'

/** How far the user has come: not there; asked; looking whether anything waits in another tab; waiting until all is sent. */
type Step = { readonly type: 'none' | 'asking' } | { readonly type: 'looking' | 'sending'; readonly waiting: AbortController }

/** After so long, in ms, the user is told what is waited for. */
const lookFor = 700

/** A button that logs the user out. Where changes wait it asks what is to become of them. */
export function LogOut(): ReactNode {
  const { user, tables, notices } = useSession()
  const orders = useLiveWrites(gridTable(tables.orders))
  const cities = useLiveWrites(gridTable(tables.cities))
  const pendingCount = orders.pending.length + cities.pending.length
  const failedCount = orders.failed.length + cities.failed.length
  const isOnline = useIsOnline()
  const reason = reasonWords(orders.paused ?? cities.paused, isOnline)
  const [step, setStep] = useState<Step>({ type: 'none' })
  const waiting = 'waiting' in step ? step.waiting : undefined
  // Also where another tab was faster.
  useEffect(() => () => waiting?.abort(), [waiting])

  const begin = (): void => {
    if (pendingCount + failedCount > 0) return setStep({ type: 'asking' })
    const looking = send('looking')
    // Then there is something in another tab.
    setTimeout(() => setStep((now) => ('waiting' in now && now.waiting === looking ? { ...now, type: 'sending' } : now)), lookFor)
  }

  const send = (type: 'looking' | 'sending'): AbortController => {
    const begun = new AbortController()
    setStep({ type, waiting: begun })
    logOut({ writes: 'drain', signal: begun.signal }).catch((error: unknown) => {
      if (!begun.signal.aborted) notices.notify(`You are not logged out. ${errorWords(error).message}`, 'bad')
    })
    return begun
  }

  const stay = (): void => setStep({ type: 'none' })

  const discard = (): void => {
    stay()
    void logOut({ writes: 'discard' })
  }

  return (
    <>
      <span className="user">{user.name}</span>
      <button type="button" className="button quiet" title={`You are ${user.name}`} onClick={begin}>
        <Icon name="leave" />
        <span>Log out</span>
      </button>
      {(step.type === 'asking' || step.type === 'sending') && (
        <Modal title="Log out" onClose={stay}>
          <div className="modal-body" role="status">
            {pendingCount > 0 && (
              <p>
                {counted(pendingCount)} of yours {pendingCount === 1 ? 'waits' : 'wait'} to be sent{reason !== undefined && `: ${reason}`}.
              </p>
            )}
            {failedCount > 0 && <p>{counted(failedCount)} could not be saved, and will be forgotten.</p>}
            {step.type === 'sending' && (
              <p>{pendingCount > 0 ? 'You are logged out as soon as nothing waits.' : 'A change waits in another window of yours.'}</p>
            )}
          </div>
          <footer className="modal-foot">
            <button type="button" className="button" onClick={stay}>
              Stay
            </button>
            {step.type === 'sending' && !isOnline && (
              <button type="button" className="button" onClick={() => network.setOnline(true)}>
                Go online
              </button>
            )}
            <button type="button" className="button danger" onClick={discard}>
              {pendingCount > 0 || step.type === 'sending' ? 'Discard and log out' : 'Log out'}
            </button>
            {step.type === 'asking' && pendingCount > 0 && (
              <button type="button" className="button primary" data-first-focus onClick={() => send('sending')}>
                Send first
              </button>
            )}
          </footer>
        </Modal>
      )}
    </>
  )
}

function counted(count: number): string {
  return `${count} ${count === 1 ? 'change' : 'changes'}`
}
