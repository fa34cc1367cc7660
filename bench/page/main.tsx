// The order matters: the clock first, then the contestant, which may want to begin at once.
import { scriptStart } from './start.ts'
import { contestant } from '#contestant'
import { Fragment, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { fillBench } from './fill-bench.ts'
import { gridBench } from './grid-bench.ts'
import { GridScreen, type Patch } from './grid-screen.tsx'
import { rowsBench } from './rows-bench.ts'
import { RowsScreen } from './rows-screen.tsx'
import { settings } from './settings.ts'

let patch: Patch = () => Promise.reject(new Error('the grid is not shown'))
const rows = rowsBench(contestant)
window.bench = { ...fillBench(contestant), ...gridBench({ contestant, patch: () => patch, scriptStart }), ...rows.bench }

if (settings.live !== 'no') contestant.listen()

const container = document.querySelector('#root')
const Root = contestant.Root ?? Fragment
if (container !== null && settings.screen !== 'fill') createRoot(container).render(<Root>{screen()}</Root>)

function screen(): ReactNode {
  if (settings.screen === 'rows') return <RowsScreen {...rows.hooks} />
  return <GridScreen onPatch={setPatch} />
}

function setPatch(shown: Patch): void {
  patch = shown
}
