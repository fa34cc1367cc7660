import type { Dialect } from './dialect.ts'

/** SQLite's code for a row that others refer to. */
const foreignKeyViolation = 787

export const sqliteDialect: Dialect = {
  columnTypes: { TEXT: 'TEXT', INTEGER: 'INTEGER', REAL: 'REAL' },
  wholeNumber: 'INTEGER',
  tableOptions: 'STRICT',
  // `sqlite-database.ts` makes this function: SQLite's own knows no letters but those of ASCII.
  contains: (column) => `instr(lowercase(${column}), ?) > 0`,
  hasWord({ name }, word) {
    // The index is made of runs of three characters; a shorter word is looked for in every row.
    if (Array.from(word).length < 3) return { sql: 'instr("searchText", ?) > 0', values: [word] }
    return {
      sql: `"rowNumber" IN (SELECT rowid FROM ${name}_search WHERE ${name}_search MATCH ?)`,
      values: [`"${word.replaceAll('"', '""')}"`],
    }
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
