import { useEffect, useState, type ReactNode } from 'react'
import { GridPage } from './grid/grid-page.tsx'
import { useLocation } from './location.ts'
import { network, useIsOnline } from './network.ts'
import { screenAt } from './screens/all.ts'
import { LogOut } from './session/log-out.tsx'
import { useSession } from './session/session.ts'
import { ActivityDrawer } from './status/activity-drawer.tsx'
import { Icon } from './ui/icon.tsx'
import { Link } from './ui/link.tsx'
import { Logo } from './ui/logo.tsx'

export function App(): ReactNode {
  const { screens } = useSession()
  const screen = screenAt(screens, useLocation().pathname)
  const isOnline = useIsOnline()
  const [isActivityShown, setActivityShown] = useState(false)

  useEffect(() => {
    document.title = `${screen.title} · Bakehouse`
  }, [screen])

  return (
    <div className="app">
      <header className="head">
        <h1>
          <Logo />
          Bakehouse
        </h1>
        <nav aria-label="Tables">
          {screens.map(({ path, title }) => (
            <Link key={path} className="tab" to={`/${path}`} aria-current={path === screen.path ? 'page' : undefined}>
              {title}
            </Link>
          ))}
        </nav>
        <button type="button" className="button quiet" aria-expanded={isActivityShown} onClick={() => setActivityShown(!isActivityShown)}>
          <Icon name="activity" />
          <span>Activity</span>
        </button>
        <button type="button" className="button" data-is-offline={!isOnline} onClick={() => network.setOnline(!isOnline)}>
          <Icon name={isOnline ? 'online' : 'offline'} />
          <span>{isOnline ? 'Go offline' : 'Go online'}</span>
        </button>
        <LogOut />
      </header>
      <GridPage key={screen.path} screen={screen} />
      {isActivityShown && <ActivityDrawer onClose={() => setActivityShown(false)} />}
    </div>
  )
}
