import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Root } from './root.tsx'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/layout.css'
import './styles/grid.css'
import './styles/detail.css'
import './styles/modal.css'
import './styles/status.css'
import './styles/session.css'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element with the id "root"')

createRoot(root).render(
  <StrictMode>
    <Root />
  </StrictMode>,
)

// In the built app only: while it is worked on, a worker would keep what is being changed.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  navigator.serviceWorker.register('/service-worker.js').catch((error: unknown) => {
    console.warn('The app will not start without a server:', error)
  })
}
