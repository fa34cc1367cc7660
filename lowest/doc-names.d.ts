// The names that the examples of the docs use without saying where they come from. scripts/try-packages.ts compiles them with these.
import type * as query from '@tanstack/react-query'
import type * as core from '@vantage-live/core'
import type { ContractRow } from '@vantage-live/core/contract'
import type * as react from '@vantage-live/react'
import type { Context, ReactElement } from 'react'

declare global {
  type LiveTable<Row extends object> = core.LiveTable<Row>
  const { ConflictError, LiveTable, durableQueue, idbCache, restTable, sharedStream, sseStream }: typeof core
  const { livePageOptions, liveRowOptions, useLivePage, useLiveStatus, useLiveStorage, useLiveWrites }: typeof react
  const { QueryClient, QueryClientProvider, useSuspenseQuery }: typeof query

  interface Order {
    readonly id: string
    readonly customer: string
    readonly status: 'open' | 'paid'
    readonly total: number
    readonly quantity: number
    readonly city: string
    readonly placedAt: string
    readonly version: number
  }
  const orders: core.LiveTable<Order>
  const others: { readonly master: core.Table<Order>; readonly cacheKey: string }
  const orderSchema: core.StandardSchemaV1<Order>
  function OrderList(props: { readonly rows: readonly Order[] }): ReactElement
  const page: number
  const id: string
  const queryClient: query.QueryClient

  interface User {
    readonly id: string
    readonly tenantId: string
  }
  interface Session {
    readonly number: number
    readonly client: query.QueryClient
    token(options: { readonly renew: boolean }): Promise<string>
  }
  const user: User
  const session: Session
  const SessionContext: Context<Session>
  function App(): ReactElement
  function token(): string
  function makeMyTable(rows: readonly ContractRow[]): core.Table<ContractRow>
  function showSignIn(): void
  function formatAge(ms: number): string
}
