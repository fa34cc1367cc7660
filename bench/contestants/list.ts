import type { ScenarioName } from '../scenarios/scenario.ts'

/** What the harness knows of a contestant; the rest is in its folder. */
export interface Entrant {
  /** Its folder. */
  readonly name: string
  readonly title: string
  /** For the head of a column. */
  readonly short: string
  /** Whether it is one of those that vantage-live is compared with. */
  readonly isPeer: boolean
  /** The packages it is made of, whose versions go into the report. */
  readonly packages: readonly string[]
  /** Why it is not measured, in words that stand in the table. */
  readonly cannot?: Partial<Readonly<Record<ScenarioName, string>>>
  /** The scenarios it is there for; all where it is left out. */
  readonly only?: readonly ScenarioName[]
  readonly sizes: readonly Bundle[]
}

/** What a user would import for something, and what of it they have anyway. */
export interface Bundle {
  /** What vantage-live has set itself, in kB, at most. */
  readonly due?: number
  /** The file in the contestant's folder that imports it. */
  readonly entry: string
  readonly of: 'a read-only grid' | 'a read-only grid, with restTable' | 'everything'
  /** Packages that are not counted, beside React. */
  readonly beside: readonly string[]
}

/** Everything is measured against this one. */
export const base = 'floor'

const readOnly = { entry: 'read-only.ts', of: 'a read-only grid', beside: [] } as const
const tanstackQuery = ['@tanstack/react-query', '@tanstack/query-core']

export const entrants: readonly Entrant[] = [
  {
    name: 'floor',
    title: 'floor: idb-keyval and React state, by hand',
    short: 'floor',
    isPeer: false,
    packages: ['idb-keyval'],
    sizes: [readOnly],
  },
  {
    name: 'floor-early',
    title: 'floor that reads when the script starts',
    short: 'floor, early',
    isPeer: false,
    packages: ['idb-keyval'],
    only: ['warm-reload'],
    sizes: [],
  },
  {
    name: 'vantage-live',
    title: 'vantage-live',
    short: 'vantage-live',
    isPeer: false,
    packages: ['@vantage-live/core', '@vantage-live/react', '@tanstack/react-query'],
    sizes: [
      { ...readOnly, beside: tanstackQuery, due: 5 },
      { entry: 'with-rest-table.ts', of: 'a read-only grid, with restTable', beside: tanstackQuery },
      { entry: 'everything.ts', of: 'everything', beside: tanstackQuery, due: 9 },
      { entry: 'with-tanstack-query.ts', of: 'a read-only grid', beside: [] },
    ],
  },
  {
    name: 'vantage-live-early',
    title: 'vantage-live, asked when the table is made',
    short: 'vantage-live, early',
    isPeer: false,
    packages: [],
    only: ['warm-reload'],
    sizes: [],
  },
  {
    name: 'tanstack-query-persister',
    title: 'TanStack Query, experimental_createQueryPersister on idb-keyval',
    short: 'TanStack Query, a persister per query',
    isPeer: true,
    packages: ['@tanstack/react-query', '@tanstack/query-persist-client-core', 'idb-keyval'],
    sizes: [readOnly],
  },
  {
    name: 'tanstack-query-client',
    title: 'TanStack Query, persistQueryClient on idb-keyval',
    short: 'TanStack Query, persistQueryClient',
    isPeer: true,
    packages: ['@tanstack/react-query', '@tanstack/react-query-persist-client', '@tanstack/query-async-storage-persister', 'idb-keyval'],
    sizes: [readOnly],
  },
  {
    name: 'dexie',
    title: 'Dexie, useLiveQuery',
    short: 'Dexie',
    isPeer: true,
    packages: ['dexie', 'dexie-react-hooks'],
    sizes: [readOnly],
  },
  {
    name: 'swr',
    title: 'SWR, provider over localStorage',
    short: 'SWR',
    isPeer: true,
    packages: ['swr'],
    cannot: { invalidate: 'durable only when the page is left in good order, by beforeunload' },
    sizes: [readOnly],
  },
  { name: 'rxdb', title: 'RxDB on Dexie storage', short: 'RxDB', isPeer: true, packages: ['rxdb', 'rxjs'], sizes: [readOnly] },
  {
    name: 'tanstack-db',
    title: 'TanStack DB, collection in IndexedDB',
    short: 'TanStack DB',
    isPeer: true,
    packages: ['@tanstack/react-db'],
    sizes: [readOnly],
  },
]
