import type { Dialect } from './dialect.ts'

const foreignKeyViolation = '23503'

export const postgresDialect: Dialect = {
  // A filter may compare a whole number with any other, which an integer column would refuse.
  columnTypes: { TEXT: 'TEXT COLLATE "C"', INTEGER: 'DOUBLE PRECISION', REAL: 'DOUBLE PRECISION' },
  wholeNumber: 'BIGINT',
  tableOptions: '',
  // By Unicode's rules, as JavaScript does; those of "C" know no letters but ASCII's.
  contains: (column) => `strpos(lower(${column}::text COLLATE "und-x-icu"), ?) > 0`,
  // It looks at every row, which takes some 50 ms for 100,000 of them. With more, an index of pg_trgm serves the same condition.
  hasWords: (_entity, words) =>
    words.map((word) => ({ sql: `"searchText" LIKE ?`, values: [`%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`] })),
  searchSchema: () => [],
  isReferenceViolation: (error) => error instanceof Error && 'code' in error && error.code === foreignKeyViolation,
}
