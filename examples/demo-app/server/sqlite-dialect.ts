import type { Dialect } from './dialect.ts'

/** SQLite's code for a row that others refer to. */
const foreignKeyViolation = 787

/** The index of the search is made of runs of three characters. It finds no shorter word. */
const shortestPhrase = 3
/** It looks up each run of a word, and few rows are left after some of them. */
const longestPhrase = 30

export const sqliteDialect: Dialect = {
  columnTypes: { TEXT: 'TEXT', INTEGER: 'INTEGER', REAL: 'REAL' },
  wholeNumber: 'INTEGER',
  tableOptions: 'STRICT',
  // `sqlite-database.ts` makes this function: SQLite's own knows no letters but those of ASCII.
  contains: (column) => `instr(lowercase(${column}), ?) > 0`,
  hasWords({ name }, words) {
    const indexed = words.map((word) => Array.from(word).slice(0, longestPhrase)).filter(({ length }) => length >= shortestPhrase)
    const others = words.filter((word) => {
      const { length } = Array.from(word)
      return length < shortestPhrase || length > longestPhrase
    })
    const exactly = others.map((word) => ({ sql: 'instr("searchText", ?) > 0', values: [word] }))
    if (indexed.length === 0) return exactly
    // All in one question: the index compares its lists faster than the database compares long answers.
    const phrases = indexed.map((characters) => `"${characters.join('').replaceAll('"', '""')}"`)
    const match = `"rowNumber" IN (SELECT rowid FROM ${name}_search WHERE ${name}_search MATCH ?)`
    return [{ sql: match, values: [phrases.join(' AND ')] }, ...exactly]
  },
  searchSchema: ({ name }) => [
    `CREATE VIRTUAL TABLE ${name}_search
      USING fts5 ("searchText", content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1')`,
    `CREATE TRIGGER ${name}_inserted AFTER INSERT ON ${name} BEGIN
      INSERT INTO ${name}_search ("searchText", rowid) VALUES (new."searchText", new."rowNumber");
    END`,
    `CREATE TRIGGER ${name}_updated AFTER UPDATE ON ${name} WHEN old."searchText" <> new."searchText" BEGIN
      INSERT OR REPLACE INTO ${name}_search ("searchText", rowid) VALUES (new."searchText", new."rowNumber");
    END`,
    `CREATE TRIGGER ${name}_deleted AFTER DELETE ON ${name} BEGIN
      DELETE FROM ${name}_search WHERE rowid = old."rowNumber";
    END`,
  ],
  isReferenceViolation: (error) => error instanceof Error && 'errcode' in error && error.errcode === foreignKeyViolation,
}
