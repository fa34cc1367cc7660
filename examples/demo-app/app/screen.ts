import { LiveTable, type OrderBy, type Table } from '@vantage-live/core'
import type { ComponentType, ReactNode } from 'react'

/** What a cell holds. */
export type Value = string | number

/** A row of any of the tables. */
export type Row = Readonly<Record<string, Value>>

export interface Option {
  readonly value: string
  readonly label: string
}

/** How a value is put in. */
export type Input =
  | { readonly kind: 'text' | 'number' | 'date' | 'notes' }
  | { readonly kind: 'select'; readonly options: readonly Option[] }
  /** The id of a row that is looked up by its title. */
  | { readonly kind: 'reference'; readonly table: LiveTable<Row> }

/** How one of the table's columns is shown and edited. */
export interface Field {
  readonly name: string
  /** In the grid, in px. */
  readonly width: number
  /** Left out where it is the server's alone. */
  readonly input?: Input
  /** It is put in when the row is inserted, and never changed again. */
  readonly isFixed?: true
  /** Given where it is asked for when a row is inserted. */
  readonly onInsert?: 'optional' | 'required'
  /** What a new row's form has in it to begin with. */
  readonly initial?: Value
  readonly show?: (value: Value, row: Row) => ReactNode
  readonly isUnsortable?: true
  /** Digits stand below digits. */
  readonly isNumeric?: true
  /** Where there is no room for all columns, it is one of those that stay. */
  readonly isCompact?: true
}

/** One of the filters above the grid; its name stands in the address. */
export interface Filter {
  readonly name: string
  readonly label: string
  readonly field: string
  readonly operator: 'eq' | 'gte' | 'lte'
  readonly input: Extract<Input, { kind: 'select' }> | { readonly kind: 'number' }
}

/** A table with everything that a grid over it needs to know. */
export interface Screen {
  /** Its address. */
  readonly path: string
  readonly title: string
  /** What one row is called. */
  readonly noun: string
  readonly table: LiveTable<Row>
  readonly fields: readonly Field[]
  readonly filters: readonly Filter[]
  readonly defaultOrder: readonly OrderBy<Row>[]
  /** What a new row has besides what is put in, so that it stands where it will be before the server has it. */
  readonly newRow?: () => Partial<Row>
  /** Shown in place of several columns where there is no room for them. */
  readonly summary: (row: Row) => ReactNode
  /** What the detail panel shows below the fields. */
  readonly Related?: ComponentType<{ readonly row: Row }>
  /** Gives the cells what they need to know of other tables. */
  readonly Context?: ComponentType<{ readonly rows: readonly Row[]; readonly children: ReactNode }>
  /** The table as another person's browser would reach it. */
  readonly somebody: Table<Row>
  /** A change that another person might make. */
  readonly somebodysChange: (row: Row) => Partial<Row>
}

/** At least one, which is shown first. */
export type Screens = readonly [Screen, ...Screen[]]

/** A table as the grid takes it, whatever fields its rows have. */
export function gridTable(table: object): LiveTable<Row> {
  if (isGridTable(table)) return table
  throw new TypeError('a screen needs a LiveTable')
}

/** That rows hold texts and numbers is what all tables of this server have in common. */
function isGridTable(table: object): table is LiveTable<Row> {
  return table instanceof LiveTable
}

/** What people call a column; the table knows. */
export function labelOf(table: LiveTable<Row>, name: string): string {
  return table.columns?.find((column) => column.name === name)?.label ?? name
}

/** How a field of a stored row is edited; undefined where it is not. */
export function editInputOf({ input, isFixed }: Field): Input | undefined {
  return isFixed === true ? undefined : input
}

/** A field as it is shown. */
export function shownValue({ name, input, show }: Field, row: Row): ReactNode {
  const value = row[name]
  // What is the server's to fill in.
  if (value === undefined) return '…'
  if (show !== undefined) return show(value, row)
  return input?.kind === 'select' ? labelIn(input.options, value) : value
}

/** What is none of the options is shown as it stands. */
export function labelIn(options: readonly Option[], value: Value): string {
  return options.find((option) => option.value === value)?.label ?? String(value)
}

export function idOf(table: LiveTable<Row>, row: Partial<Row>): Value {
  return row[table.idField] ?? ''
}

/** The name of a row for people. */
export function titleOf(table: LiveTable<Row>, row: Partial<Row>): string {
  const title = (table.titleFields ?? [table.idField]).map((name) => row[name]).join(' ')
  return title.trim() === '' ? String(idOf(table, row)) : title
}

/** A row that waits to be inserted has a name for the meantime, which means nothing to anybody, and nothing of what the server adds. */
export function shownId(table: LiveTable<Row>, row: Row): Value {
  return row['version'] === undefined ? 'New' : idOf(table, row)
}
