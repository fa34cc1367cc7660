import type { PurgeOptions } from '@vantage-live/core'
import { useSyncExternalStore } from 'react'
import { keptText } from '../kept-text.ts'
import { navigate } from '../location.ts'
import { openSession } from './open-session.ts'
import type { Session } from './session.ts'
import { users, type User } from './users.ts'

/** Who is signed in: the same user in all tabs of the browser. */
export interface Presence {
  /** Undefined where nobody is signed in. */
  readonly session: Session | undefined
  /** Somebody who has logged out, but of whom something may be left in this browser. */
  readonly leftBehind: LeftBehind | undefined
}

export interface LeftBehind {
  readonly user: User
  readonly error: unknown
  readonly tryAgain: () => void
}

/** What the browser keeps is the user's id and when they signed in, so that no two sessions are taken for one. */
const kept = keptText('localStorage', 'demo-signed-in')
const nobody = 'nobody'

const listeners = new Set<() => void>()
let mark: string | undefined
/** The session whose end was asked for in this tab. */
let leaving: Session | undefined
let presence: Presence = { session: undefined, leftBehind: undefined }

addEventListener('storage', follow)
// A page that was put aside, and is shown again, was told of nothing meanwhile.
addEventListener('pageshow', follow)
begin(kept.read())

export function usePresence(): Presence {
  return useSyncExternalStore(subscribe, () => presence)
}

export function signIn(user: User): void {
  kept.write(`${user.id} ${Date.now()}`)
  follow()
}

/**
 * Ends the present session in all tabs, and removes what is kept of its user.
 *
 * @throws the signal's reason; the user is signed in as before then
 */
export async function logOut(options: PurgeOptions): Promise<void> {
  const { session } = presence
  if (session === undefined) return
  leaving = session
  const purge = async (purgeOptions?: PurgeOptions): Promise<void> => {
    try {
      await session.tables.orders.purge(purgeOptions)
      change({ ...presence, leftBehind: undefined })
    } catch (error) {
      if (presence.session === session || error === purgeOptions?.signal?.reason) {
        leaving = undefined
        throw error
      }
      change({ ...presence, leftBehind: { user: session.user, error, tryAgain: () => void purge() } })
    }
  }
  await purge(options)
}

/** Another tab has signed somebody in, or out. */
function follow(): void {
  const next = kept.read()
  // Where the browser has deleted it, that says nothing of who is signed in.
  if (next === undefined || next === mark) return
  const former = leave()
  begin(next)
  // Whoever logged out has purged, or is about to; should that not be heard here, the tables do nothing more all the same.
  former?.tables.orders.close()
  former?.tables.cities.close()
}

/** The tables of a session have ended, and so has the session. */
function onPurged(session: Session): void {
  if (presence.session !== session) return
  // Another tab says so itself. What it has said since may not be known here yet, and is not to be overwritten.
  if (leaving === session) kept.write(nobody)
  leave()
  begin(nobody)
  follow()
}

function begin(next: string | undefined): void {
  mark = next
  // Whoever comes for the first time is to see rows and no sign-in: they are the first of the users.
  const user = next === undefined ? users[0] : users.find(({ id }) => next.startsWith(`${id} `))
  const session: Session | undefined = user && openSession(user, () => session && onPurged(session))
  change({ ...presence, session })
}

function leave(): Session | undefined {
  const { session } = presence
  session?.end()
  // The address names rows, and what was searched for.
  if (session !== undefined) navigate('/', { replace: true })
  return session
}

function change(next: Presence): void {
  presence = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
