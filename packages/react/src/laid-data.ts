import { replaceEqualDeep, type Query, type QueryClient, type QueryKey } from '@tanstack/react-query'

/** What a query holds: rows as the master gave them, and the same with the table's writes laid over, which is what it shows. */
interface Laid {
  readonly base: unknown
  readonly shown: unknown
  readonly lay: (base: unknown) => unknown
  /** The table whose writes they are. */
  readonly owner: object
}

const held = new WeakMap<Query, Laid>()
/** The query that is being renewed: what the client tells of it meanwhile is no news. */
let renewing: Query | undefined

/** Gives rows with the table's writes laid over, and notes what they are without. */
export function layOver<Data>(client: QueryClient, queryKey: QueryKey, base: Data, lay: (base: Data) => Data, owner: object): Data {
  const shown = lay(base)
  const query = queryOf(client, queryKey)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a query's data are all of one kind
  if (query !== undefined) held.set(query, { base, shown, lay: lay as Laid['lay'], owner })
  return shown
}

/** What came with the page's HTML has no writes laid over it yet, and what another table left has that one's. */
export function adopt<Data>(client: QueryClient, queryKey: QueryKey, lay: (base: Data) => Data, owner: object): void {
  const query = queryOf(client, queryKey)
  const laid = query && held.get(query)
  if (query?.state.data === undefined || laid?.owner === owner) return
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a query's data are all of one kind
  layOver(client, queryKey, (laid?.base ?? query.state.data) as Data, lay, owner)
  show(query)
}

/** Lays the writes of now over a query's rows. */
export function renew(query: Query): void {
  const laid = held.get(query)
  if (laid === undefined) return
  const shown = laid.lay(laid.base)
  if (shown === laid.shown) return
  held.set(query, { ...laid, shown })
  show(query)
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

function fetchedAt(data: unknown): number {
  return typeof data === 'object' && data !== null && 'fetchedAt' in data ? Number(data.fetchedAt) : 0
}
