import { QueryClientProvider } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { App } from './app.tsx'
import { usePresence } from './session/presence.ts'
import { SessionContext } from './session/session.ts'
import { SignIn } from './session/sign-in.tsx'

/** The app of whoever is signed in, made anew for each session. */
export function Root(): ReactNode {
  const { session, leftBehind } = usePresence()
  if (session === undefined) return <SignIn leftBehind={leftBehind} />
  return (
    <SessionContext key={session.number} value={session}>
      <QueryClientProvider client={session.client}>
        <App />
      </QueryClientProvider>
    </SessionContext>
  )
}
