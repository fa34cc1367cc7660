import { expect, test } from 'vitest'
import { progressBar } from './progress-bar.ts'

function shown(terminal: { readonly isTTY?: boolean; readonly columns?: number }): string {
  let output = ''
  const show = progressBar({ ...terminal, write: (text) => (output += text) }, 'Making it')
  for (const [label, done] of [
    ['reading', 0],
    ['cities', 0.25],
    ['cities', 0.2501],
    ['orders', 0.5],
    ['done', 1],
  ] as const) {
    show({ label, done })
  }
  return output
}

test('in a terminal it is one line that fills up', () => {
  expect(shown({ isTTY: true, columns: 40 }).split('\r\u001B[K')).toEqual([
    '',
    'Making it ░░░░░░░░░░░░░░░   0% reading',
    'Making it ████░░░░░░░░░░░░  25% cities',
    'Making it ████████░░░░░░░░  50% orders',
    'Making it ██████████████████ 100% done\n',
  ])
})

test('in a narrow terminal there is no bar, and it still fits', () => {
  expect(shown({ isTTY: true, columns: 10 })).toContain('Making it   25% cities')
})

test('elsewhere it is a plain line per step', () => {
  expect(shown({})).toBe('Making it: reading\nMaking it: cities\nMaking it: orders\nMaking it: done\n')
})
