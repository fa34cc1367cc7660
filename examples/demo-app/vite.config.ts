import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { defaultClientConditions, type UserConfig } from 'vite'

const config: UserConfig = {
  root: import.meta.dirname,
  plugins: [react()],
  // With `source` first, the app is built from the packages as they are, not as they were last built.
  resolve: { conditions: ['vantage-live-source', ...defaultClientConditions] },
  build: {
    target: 'es2023',
    reportCompressedSize: false,
    rolldownOptions: {
      input: {
        app: join(import.meta.dirname, 'index.html'),
        'service-worker': join(import.meta.dirname, 'app', 'service-worker', 'service-worker.ts'),
      },
      // A browser looks for news of a service worker at the address that it was registered with, and lets it see to what is below that.
      output: { entryFileNames: ({ name }) => (name === 'service-worker' ? '[name].js' : 'assets/[name]-[hash].js') },
    },
  },
  // For work on the app: `vite` here, beside a running demo, which has the API. Requests keep their host, which is that of the page.
  server: { proxy: { '/api': { target: 'http://localhost:4170', changeOrigin: false } } },
}

export default config
