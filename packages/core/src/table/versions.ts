import { compareText } from './query.ts'

/** Without leading zeros, of two such numbers the longer one is greater. */
const digits = /^(0|[1-9]\d*)$/
const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

/**
 * Which of two versions of a row is greater: numbers, texts of digits, or moments in ISO 8601 in UTC. 0 where they are equal,
 * undefined where there is no telling.
 */
export function compareVersions(a: unknown, b: unknown): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a !== 'string' || typeof b !== 'string') return undefined
  if (digits.test(a) && digits.test(b)) return a.length - b.length || compareText(a, b)
  if (moment.test(a) && moment.test(b)) return compareText(a.slice(0, -1), b.slice(0, -1))
  return a === b ? 0 : undefined
}
