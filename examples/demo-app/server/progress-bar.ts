import type { SeedProgress } from './seed/seed.ts'

/** The part of a terminal that a bar needs. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Shows progress on one line that changes, or on a line per step where the output is no terminal. */
export function progressBar(terminal: Terminal, title: string): (progress: SeedProgress) => void {
  let shown = ''
  return ({ label, done }) => {
    const line = terminal.isTTY ? bar(title, label, done, terminal.columns ?? 80) : `${title}: ${label}`
    if (line === shown) return
    shown = line
    if (!terminal.isTTY) terminal.write(`${line}\n`)
    else terminal.write(`\r\u001B[K${line}${done === 1 ? '\n' : ''}`)
  }
}

function bar(title: string, label: string, done: number, columns: number): string {
  const percent = `${Math.floor(done * 100)}%`.padStart(5)
  const width = Math.max(0, Math.min(30, columns - title.length - label.length - percent.length - 4))
  const full = Math.round(done * width)
  return `${title} ${'█'.repeat(full)}${'░'.repeat(width - full)}${percent} ${label}`
}
