/** What a column can hold. */
export type Value = string | number

export type Row = Readonly<Record<string, Value>>

/** One column: how it is stored, what it takes and how it is found again. */
export interface Column {
  readonly sqlType: 'TEXT' | 'INTEGER' | 'REAL'
  /** What it takes, in words, for error messages. */
  readonly expected: string
  /** The value as it is stored, or undefined where the column does not take it. */
  readonly accept: (value: unknown) => Value | undefined
  /** The value that a filter's text stands for, or undefined where it can be none. */
  readonly parse: (text: string) => Value | undefined
  /** There is an index for filters and orders on it. */
  readonly indexed?: true
  /** The search looks at it. */
  readonly searched?: true
  /** What an inserted row gets that leaves it out. */
  readonly initial?: () => Value
  /** It follows from the rest of the row, whatever the sender says. */
  readonly computed?: (row: Row) => Value
  /** The table whose ids it holds. */
  readonly references?: string
}

/** Text; without `least` it may be empty. */
export function text(most: number, least = 0): Column {
  return {
    sqlType: 'TEXT',
    expected: least === 0 ? `a text of at most ${most} characters` : `a text of ${least} to ${most} characters`,
    accept: (value) => {
      if (typeof value !== 'string' || !isStorable(value)) return undefined
      return value.trim().length >= least && value.length <= most ? value : undefined
    },
    parse: (written) => (isStorable(written) ? written : undefined),
  }
}

/** Text of one shape. */
export function pattern(shape: RegExp, expected: string): Column {
  return {
    sqlType: 'TEXT',
    expected,
    accept: (value) => (typeof value === 'string' && isStorable(value) && shape.test(value) ? value : undefined),
    parse: (written) => (isStorable(written) ? written : undefined),
  }
}

/** One of a few texts. */
export function choice(choices: readonly string[]): Column {
  const find = (value: unknown): string | undefined => choices.find((each) => each === value)
  return { sqlType: 'TEXT', expected: `one of ${choices.join(', ')}`, accept: find, parse: find }
}

export function wholeNumber(least: number, most: number): Column {
  return {
    sqlType: 'INTEGER',
    expected: `a whole number from ${readable(least)} to ${readable(most)}`,
    accept: (value) => (isWithin(value, least, most) && Number.isInteger(value) ? value : undefined),
    parse: parseNumber,
  }
}

/** A number with at most `digits` decimals. */
export function decimal(least: number, most: number, digits: number): Column {
  return {
    sqlType: 'REAL',
    expected: `a number from ${readable(least)} to ${readable(most)} with at most ${digits} decimals`,
    accept: (value) => (isWithin(value, least, most) && Number(value.toFixed(digits)) === value ? value : undefined),
    parse: parseNumber,
  }
}

/** A moment, stored in UTC, where the order of the texts is the order in time. A filter may also name a day, which is its first moment. */
export function moment(): Column {
  return {
    sqlType: 'TEXT',
    expected: 'a moment in ISO 8601 with its time zone, such as 2025-06-30T08:15:00Z',
    accept: acceptMoment,
    parse: (written) => (isDay(written) ? iso(written) : acceptMoment(written)),
  }
}

export function day(): Column {
  return { sqlType: 'TEXT', expected: 'a day in ISO 8601, such as 2025-06-30', accept: acceptDay, parse: acceptDay }
}

function acceptMoment(value: unknown): string | undefined {
  return typeof value === 'string' && momentShape.test(value) && isDay(value.slice(0, 10)) ? iso(value) : undefined
}

function acceptDay(value: unknown): string | undefined {
  return typeof value === 'string' && isDay(value) ? value : undefined
}

const momentShape = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/

/** A wrong day of the month, such as the 30th of February, comes back as another day. */
function isDay(value: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(value) && iso(value)?.slice(0, 10) === value
}

function iso(value: string): string | undefined {
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most
}

function parseNumber(written: string): number | undefined {
  return /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(written) && Number.isFinite(Number(written)) ? Number(written) : undefined
}

/** Half a surrogate pair would come back as another character, SQLite's text functions stop at a zero character, and PostgreSQL takes none. */
function isStorable(value: string): boolean {
  return !/[^\P{Cc}\t\n\r]|\p{Surrogate}/u.test(value)
}

function readable(value: number): string {
  return value.toLocaleString('en')
}
