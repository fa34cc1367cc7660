import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { LiveTable, manualStream, memoryCache, memoryTable, type Cache, type ManualStream, type MemoryCall } from '@vantage-live/core'
import { StrictMode, type ReactNode } from 'react'

/** A row of the tests. */
export interface Order {
  readonly id: number
  readonly name: string
  readonly status: 'open' | 'paid'
}

/** A table with what a test needs to drive and watch it. */
export interface Harness {
  readonly table: LiveTable<Order>
  readonly master: ReturnType<typeof memoryTable<Order>>
  readonly stream: ManualStream
  readonly client: QueryClient
  /** What the master was asked, in order. */
  readonly calls: MemoryCall<Order>[]
  readonly wrapper: (props: { readonly children: ReactNode }) => ReactNode
  /** From now on the master rejects with this error, or answers again. */
  failWith(error: Error | undefined): void
  /** From now on the master's answers to these, by default to reads, wait until the returned function is called. */
  hold(...methods: readonly MemoryCall<Order>['method'][]): () => void
}

/** `count` orders on a master in memory, a page size of 10, and a client that does not retry. */
export function makeHarness(count: number = 25, cache: Cache = memoryCache()): Harness {
  const calls: MemoryCall<Order>[] = []
  let error: Error | undefined
  const gates = new Map<string, Promise<undefined>>()
  const rows = Array.from({ length: count }, (_, index): Order => ({
    id: index + 1,
    name: `order ${index + 1}`,
    status: index % 2 === 0 ? 'open' : 'paid',
  }))
  const master = memoryTable(rows, { name: 'orders' })
  /** Answers as of the time of the question, however long they are held back. */
  const remote = {
    ...master,
    list: async (...args: Parameters<typeof master.list>) => answer({ method: 'list', query: args[0] }, () => master.list(...args)),
    get: async (...args: Parameters<typeof master.get>) => answer({ method: 'get', id: args[0] }, () => master.get(...args)),
    insert: async (...args: Parameters<typeof master.insert>) => answer({ method: 'insert', row: args[0] }, () => master.insert(...args)),
    patch: async (...args: Parameters<typeof master.patch>) =>
      answer({ method: 'patch', id: args[0], partial: args[1] }, () => master.patch(...args)),
    delete: async (...args: Parameters<typeof master.delete>) => answer({ method: 'delete', id: args[0] }, () => master.delete(...args)),
  }
  async function answer<T>(call: MemoryCall<Order>, ask: () => Promise<T>): Promise<T> {
    calls.push(call)
    if (error !== undefined) throw error
    const answered = await ask()
    await gates.get(call.method)
    return answered
  }
  const stream = manualStream()
  const table = new LiveTable<Order>({ master: remote, cacheKey: 'orders', cache, stream, pageSize: 10 })
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  return {
    table,
    master,
    stream,
    client,
    calls,
    wrapper: ({ children }) => (
      <StrictMode>
        <QueryClientProvider client={client}>{children}</QueryClientProvider>
      </StrictMode>
    ),
    failWith: (next) => {
      error = next
    },
    hold: (...methods) => {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      const held = methods.length > 0 ? methods : ['list', 'get']
      for (const method of held) gates.set(method, promise)
      return () => {
        for (const method of held) gates.delete(method)
        resolve(undefined)
      }
    },
  }
}

/** The names of rows, for short expectations. */
export function namesOf(rows: readonly Order[]): string[] {
  return rows.map(({ name }) => name)
}
