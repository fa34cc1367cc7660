import type { Entity } from './entity.ts'

/**
 * A table and its search index. `rowNumber` and `searchText` are the database's own and never leave it: the number
 * is never given out twice, and the search text is what the index was made of.
 */
export function tableSchema(entity: Entity): string {
  const columns = Object.entries(entity.columns).map(([name, column]) => {
    const unique = name === 'id' ? ' UNIQUE' : ''
    const reference = column.references === undefined ? '' : ` REFERENCES ${column.references} (id)`
    return `${name} ${column.sqlType} NOT NULL${unique}${reference}`
  })
  return `
    CREATE TABLE ${entity.name} (
      rowNumber INTEGER PRIMARY KEY AUTOINCREMENT,
      ${columns.join(',\n      ')},
      searchText TEXT NOT NULL
    ) STRICT;
    CREATE VIRTUAL TABLE ${entity.name}_search
      USING fts5 (searchText, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1');
  `
}

/** Apart from the table, because a table is filled faster without them. */
export function indexSchema(entity: Entity): string[] {
  return Object.entries(entity.columns)
    .filter(([, column]) => column.indexed)
    .map(([name]) => `CREATE INDEX ${entity.name}_${name} ON ${entity.name} (${name})`)
}
