import { useEffect, useRef, type ReactNode } from 'react'
import { errorWords } from '../error-words.ts'
import { Icon } from '../ui/icon.tsx'
import { Logo } from '../ui/logo.tsx'
import { signIn, type LeftBehind } from './presence.ts'
import { users } from './users.ts'

/** Asks who is there. It takes everybody's word for it. */
export function SignIn({ leftBehind }: { readonly leftBehind: LeftBehind | undefined }): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = 'Bakehouse'
    heading.current?.focus()
  }, [])

  return (
    <main className="sign-in">
      <h1>
        <Logo />
        Bakehouse
      </h1>
      <h2 ref={heading} tabIndex={-1}>
        Who is there?
      </h2>
      <ul>
        {users.map((user) => (
          <li key={user.id}>
            <button type="button" className="button" onClick={() => signIn(user)}>
              <Icon name="person" />
              <span>
                {user.name} <small className="muted">{user.role}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {leftBehind !== undefined && (
        <div className="left-behind" role="alert">
          <p>
            Something of {leftBehind.user.name} may still be in this browser. {errorWords(leftBehind.error).message}
          </p>
          <button type="button" className="button small" onClick={leftBehind.tryAgain}>
            Remove it
          </button>
        </div>
      )}
    </main>
  )
}
