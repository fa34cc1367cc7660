import type { Column, StandardSchemaV1 } from '@vantage-live/core'

/** Raised with every change of what a row looks like: what the version before has cached is not read then. */
export const rowVersion = 1

/**
 * Checks that a row has a text or a number in each of these columns: what the screens rely on. What a value may be is the server's
 * affair, which may become more lenient while an old app is still open.
 */
export function rowSchema<Row extends object>(columns: readonly Column[]): StandardSchemaV1<Row> {
  const kinds = new Map([
    ...columns.map(({ name, type }) => [name, type === 'number' ? 'number' : 'string'] as const),
    ['version', 'string'],
  ])
  const wrong = (row: object): string[] => [...kinds].flatMap(([name, kind]) => (typeof Reflect.get(row, name) === kind ? [] : [name]))
  const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && wrong(value).length === 0
  return {
    '~standard': {
      version: 1,
      vendor: 'demo-app',
      validate(value) {
        if (isRow(value)) return { value }
        if (typeof value !== 'object' || value === null) return { issues: [{ message: 'expected an object' }] }
        return { issues: wrong(value).map((name) => ({ message: `expected a ${kinds.get(name)}`, path: [name] })) }
      },
    },
  }
}
