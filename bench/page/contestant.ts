import type { ComponentType, ReactNode } from 'react'
import type { Order } from './orders.ts'

/** What a contestant brings: hooks and calls, as its documentation has them written. The components are the same for all. */
export interface Contestant {
  /** What its hooks need around them. */
  readonly Root?: ComponentType<{ readonly children: ReactNode }>
  readonly pages: PageReader
  readonly rows: RowReader
  readonly writer: Writer
  /** Listens to the server's events, which say or bring what changed, and keeps the grid right. */
  readonly listen: () => void
}

/** Pages of orders, kept on disk. */
export interface PageReader {
  /** A page: from disk where it is fresh there, else from the server; the former rows until then, where there are any. */
  readonly usePage: (page: number) => readonly Order[] | undefined
  /** Puts the first so many pages on disk, as if each had just come from the server. */
  readonly fill: (pages: number) => Promise<void>
  /** No page may be served as fresh any more. Resolves when this is so after a reload, too. */
  readonly invalidate: () => Promise<void>
  /** Gets a page ready that is likely to be next. */
  readonly prefetch?: (page: number) => Promise<unknown>
}

/** Single orders, kept on disk. */
export interface RowReader {
  readonly useRow: (id: number) => Order | undefined
  /** Puts the first so many rows on disk, as if each had just come from the server. */
  readonly fill: (rows: number) => Promise<void>
  /** This order has changed: asks the server for it again. */
  readonly changed: (id: number) => void
  /** This order has changed, and this is what it is now, as an event brings it: shows it without asking the server. */
  readonly arrived: (row: Order) => void
}

/** Changes of orders. */
export interface Writer {
  /**
   * A function that changes an order at the server, after all changes it was called for before, and shows the change at
   * once where the contestant can.
   */
  readonly usePatch: () => (id: number, partial: Partial<Order>) => Promise<unknown>
}

/** Says why a contestant cannot do what it was asked to. */
export class CannotError extends Error {
  override readonly name = 'CannotError'
}
