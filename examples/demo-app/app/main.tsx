import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/layout.css'
import './styles/grid.css'
import './styles/detail.css'
import './styles/modal.css'
import './styles/status.css'

const client = new QueryClient({
  defaultOptions: {
    // The live table has something to show meanwhile, and asks again by itself when its stream is back.
    queries: { retry: false },
    // Whether there is a network is the app's own switch to say.
    mutations: { networkMode: 'always' },
  },
})

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element with the id "root"')

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
)
