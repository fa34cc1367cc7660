import type { QueryClient } from '@tanstack/react-query'
import { createContext, use, useSyncExternalStore } from 'react'
import type { Notice, Notices } from '../notices.ts'
import type { Screens } from '../screen.ts'
import type { Tables } from '../tables.ts'
import type { TraceEntry, TraceLog } from '../trace-log.ts'
import type { User } from './users.ts'

/** All that there is of a user's work in this tab, from signing in to logging out. Nothing outside of it holds a row. */
export interface Session {
  /** No two have the same in one tab. */
  readonly number: number
  readonly user: User
  readonly tables: Tables
  readonly screens: Screens
  readonly client: QueryClient
  readonly notices: Notices
  readonly traceLog: TraceLog
  /** Leaves nothing that goes on by itself. */
  readonly end: () => void
}

export const SessionContext = createContext<Session | undefined>(undefined)

export function useSession(): Session {
  const session = use(SessionContext)
  if (session === undefined) throw new Error('nobody is signed in here')
  return session
}

export function useNotices(): readonly Notice[] {
  const { notices } = useSession()
  return useSyncExternalStore(notices.subscribe, () => notices.present)
}

export function useTraceEntries(): readonly TraceEntry[] {
  const { traceLog } = useSession()
  return useSyncExternalStore(traceLog.subscribe, () => traceLog.entries)
}
