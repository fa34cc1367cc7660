import { countersSchema } from './counters.ts'
import { quoted } from './dialect.ts'
import type { Dialect } from './dialect.ts'
import { entities } from './entities/all.ts'
import type { Entity } from './entity.ts'
import { eventLogSchema } from './event-log.ts'
import { answersSchema } from './write-once.ts'

/** All tables, as one statement after the other. */
export function schema(dialect: Dialect): string[] {
  const own = [countersSchema(dialect), eventLogSchema(dialect), answersSchema(dialect)]
  return [...own, ...entities.flatMap((entity) => [tableSchema(dialect, entity), ...dialect.searchSchema(entity)])]
}

/** Apart from the tables, because a table is filled faster without them. */
export function indexSchema(): string[] {
  return entities.flatMap(({ name, columns }) =>
    Object.entries(columns)
      .filter(([, column]) => column.indexed)
      .map(([column]) => `CREATE INDEX ${quoted(`${name}_${column}`)} ON ${name} (${quoted(column)})`),
  )
}

/** `rowNumber` and `searchText` are the database's own and never leave it: the number is never given out twice. */
function tableSchema(dialect: Dialect, entity: Entity): string {
  const columns = Object.entries(entity.columns).map(([name, column]) => {
    const unique = name === 'id' ? ' UNIQUE' : ''
    const reference = column.references === undefined ? '' : ` REFERENCES ${column.references} (id)`
    return `${quoted(name)} ${dialect.columnTypes[column.sqlType]} NOT NULL${unique}${reference}`
  })
  return `
    CREATE TABLE ${entity.name} (
      "rowNumber" ${dialect.wholeNumber} PRIMARY KEY,
      ${columns.join(',\n      ')},
      version ${dialect.wholeNumber} NOT NULL,
      "searchText" ${dialect.columnTypes.TEXT} NOT NULL
    ) ${dialect.tableOptions}
  `
}
