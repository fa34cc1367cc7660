import { replaceEqualDeep, type Query, type QueryClient, type QueryKey } from '@tanstack/react-query'
import type { Invalidation } from '@vantage-live/core'

/** What a table makes of rows that it gave. */
export interface Layer<Data> {
  /** Lays its writes over them. */
  readonly lay: (base: Data) => Data
  /** What they are after a change; undefined where they have to be read anew. */
  readonly after: (base: Data, change: Invalidation) => Data | undefined
}

/** What a query holds: rows as the master gave them, and the same with the table's writes laid over, which is what it shows. */
interface Laid {
  readonly base: unknown
  readonly shown: unknown
  readonly layer: Layer<unknown>
  /** The table whose writes they are. */
  readonly owner: object
}

const held = new WeakMap<Query, Laid>()
/** The query that is being renewed: what the client tells of it meanwhile is no news. */
let renewing: Query | undefined

/** Gives rows with the table's writes laid over, and notes what they are without. */
export function layOver<Data>(client: QueryClient, queryKey: QueryKey, base: Data, layer: Layer<Data>, owner: object): Data {
  const shown = layer.lay(base)
  const query = queryOf(client, queryKey)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a query's data are all of one kind
  if (query !== undefined) held.set(query, { base, shown, layer: layer as Layer<unknown>, owner })
  return shown
}

/** What came with the page's HTML has no writes laid over it yet, and what another table left has that one's. */
export function adopt<Data>(client: QueryClient, queryKey: QueryKey, layer: Layer<Data>, owner: object): void {
  const query = queryOf(client, queryKey)
  const laid = query && held.get(query)
  if (query?.state.data === undefined || laid?.owner === owner) return
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a query's data are all of one kind
  layOver(client, queryKey, (laid?.base ?? notAfterNow(query.state.data)) as Data, layer, owner)
  show(query)
}

/** What a query shows, without the writes that are laid over it, as far as that is known. */
export function baseOf<Data>(client: QueryClient, queryKey: QueryKey, shown: Data): Data {
  const query = queryOf(client, queryKey)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a query's data are all of one kind
  return ((query && held.get(query)?.base) ?? shown) as Data
}

/** Lays the writes of now over a query's rows. */
export function renew(query: Query): void {
  const laid = held.get(query)
  if (laid === undefined) return
  const shown = laid.layer.lay(laid.base)
  if (shown === laid.shown) return
  held.set(query, { ...laid, shown })
  show(query)
}

/** Takes a change over into a query's rows, to be shown by `renew`; false where they have to be read anew. */
export function follow(query: Query, change: Invalidation): boolean {
  const laid = held.get(query)
  const base = laid?.layer.after(laid.base, change)
  if (laid === undefined || base === undefined) return false
  held.set(query, { ...laid, base })
  return true
}

/** Somebody has put other data in a query: these are its rows from now on. Tells whether it had some before. */
export function takeOver(query: Query): boolean {
  const laid = held.get(query)
  if (laid === undefined) return false
  held.set(query, { ...laid, base: query.state.data, shown: undefined })
  renew(query)
  return true
}

/** The client has put other data in a query than were shown: newer ones of a page's HTML, or those from before a fetch. */
export function reconcile(query: Query): void {
  const laid = held.get(query)
  if (laid === undefined || renewing === query || query.state.data === laid.shown) return
  if (fetchedAt(query.state.data) > fetchedAt(laid.base)) takeOver(query)
  else show(query)
}

/** A query of a table that was purged: nothing of what it has held is to be shown, or found, again (promise 14). */
export function drop(query: Query, error: Error): void {
  held.delete(query)
  void query.cancel({ silent: true })
  // Whoever has observed it may still hold it, to show its rows until others come.
  query.setState({ data: undefined, dataUpdatedAt: 0, status: 'error', error, fetchStatus: 'idle' })
}

/** By its hash: to look for it by its key is to look at all queries. */
function queryOf(client: QueryClient, queryKey: QueryKey): Query | undefined {
  return client.getQueryCache().get(client.defaultQueryOptions({ queryKey }).queryHash)
}

/** Rows that are equal stay the same objects (promise 18). */
function show(query: Query): void {
  const { data } = query.state
  const shown = replaceEqualDeep(data, held.get(query)?.shown)
  if (data === undefined || shown === data) return
  renewing = query
  try {
    query.setState({ data: shown })
  } finally {
    renewing = undefined
  }
}

/** What was read on a server has the time of its clock: it is from before whatever is written here from now on. */
function notAfterNow(data: unknown): unknown {
  return fetchedAt(data) > Date.now() ? { ...Object(data), fetchedAt: Date.now() } : data
}

/** The table by which a query's rows were laid over; undefined where none was. */
export function ownerOf(query: Query): object | undefined {
  return held.get(query)?.owner
}

/** When the master was asked for a query's data; 0 where that is not known. */
export function fetchedAt(data: unknown): number {
  return typeof data === 'object' && data !== null && 'fetchedAt' in data ? Number(data.fetchedAt) : 0
}
