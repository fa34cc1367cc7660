import { describe, expect, test } from 'vitest'
import { choice, day, decimal, moment, pattern, text, wholeNumber } from './column.ts'

const columns = {
  text: text(5, 1),
  emptyText: text(5),
  pattern: pattern(/^[A-Z]{2}$/, 'two capital letters'),
  choice: choice(['open', 'ready']),
  wholeNumber: wholeNumber(1, 10),
  decimal: decimal(-90, 90, 2),
  moment: moment(),
  day: day(),
}

describe('accept', () => {
  test.each([
    ['text', 'a b🥐', 'a b🥐'],
    ['emptyText', '', ''],
    ['emptyText', 'a\nb', 'a\nb'],
    ['pattern', 'DE', 'DE'],
    ['choice', 'ready', 'ready'],
    ['wholeNumber', 1, 1],
    ['wholeNumber', 10, 10],
    ['decimal', -0.29, -0.29],
    ['decimal', 90, 90],
    ['moment', '2024-02-29T23:30:00+01:00', '2024-02-29T22:30:00.000Z'],
    ['day', '2024-02-29', '2024-02-29'],
  ] as const)('%s takes %j as %j', (name, value, stored) => {
    expect(columns[name].accept(value)).toBe(stored)
  })

  test.each([
    ['text', ''],
    ['text', ' \t'],
    ['text', '123456'],
    ['text', 'a\0b'],
    ['text', '\uD83E'],
    ['text', 5],
    ['emptyText', null],
    ['pattern', 'de'],
    ['pattern', 'DE\n'],
    ['choice', 'Ready'],
    ['choice', ['ready']],
    ['wholeNumber', 0],
    ['wholeNumber', 11],
    ['wholeNumber', 1.5],
    ['wholeNumber', '5'],
    ['wholeNumber', Number.NaN],
    ['decimal', 0.125],
    ['decimal', 90.01],
    ['decimal', Number.POSITIVE_INFINITY],
    ['moment', '2025-02-29T10:00:00Z'],
    ['moment', '2025-02-28T10:00:00'],
    ['moment', '2025-02-28T25:00:00Z'],
    ['moment', 1_700_000_000_000],
    ['day', '2025-02-29'],
    ['day', '2025-2-9'],
    ['day', '2025-02-28T10:00:00Z'],
  ] as const)('%s does not take %j', (name, value) => {
    expect(columns[name].accept(value)).toBeUndefined()
  })
})

describe('parse', () => {
  test.each([
    ['text', 'longer than the column', 'longer than the column'],
    ['choice', 'open', 'open'],
    ['wholeNumber', '100', 100],
    ['wholeNumber', '1.5', 1.5],
    ['decimal', '-1e-7', -1e-7],
    ['moment', '2025-06-30', '2025-06-30T00:00:00.000Z'],
    ['moment', '2025-06-30T10:00:00.000Z', '2025-06-30T10:00:00.000Z'],
    ['day', '2025-06-30', '2025-06-30'],
  ] as const)('%s reads %j as %j', (name, written, value) => {
    expect(columns[name].parse(written)).toBe(value)
  })

  test.each([
    ['choice', 'nowhere'],
    ['wholeNumber', ''],
    ['wholeNumber', ' 1'],
    ['wholeNumber', '0x10'],
    ['decimal', '1e999'],
    ['moment', 'yesterday'],
    ['day', '2025-13-01'],
  ] as const)('%s makes nothing of %j', (name, written) => {
    expect(columns[name].parse(written)).toBeUndefined()
  })
})
