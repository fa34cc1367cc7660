import { getOrder, listOrders, patchOrder } from '../../page/api.ts'
import type { Contestant } from '../../page/contestant.ts'
import { readEvents } from '../../page/events.ts'
import { makeOrder, makePage, type Order } from '../../page/orders.ts'
import { settings } from '../../page/settings.ts'
import { inOrder } from '../shared/in-order.ts'
import { invalidateDisk, keeper } from './keeper.ts'

// The least code that does the job: idb-keyval and plain React state.

export const pages = keeper('page', async (page) => (await listOrders(page)).rows)
const rows = keeper('row', getOrder)

/** Changes that the next frame will show. */
const changes = new Map<number, Partial<Order>>()

function change(id: number, partial: Partial<Order>): void {
  if (changes.size === 0) requestAnimationFrame(showChanges)
  changes.set(id, { ...changes.get(id), ...partial })
}

function showChanges(): void {
  const changed = pages.held(settings.page)?.map((row) => (changes.has(row.id) ? { ...row, ...changes.get(row.id) } : row))
  changes.clear()
  if (changed === undefined) return
  pages.show(settings.page, changed)
  // While changes are on their way to the server, the disk has to wait for its answers.
  if (patches.pending === 0) void pages.keep(settings.page, changed, Date.now())
}

const patches = inOrder()

/** Nothing on disk is fresh from the first one on; after the last one the page is asked for again. */
async function patch(id: number, partial: Partial<Order>): Promise<void> {
  change(id, partial)
  if (patches.pending === 0) void patches.call(invalidateDisk)
  try {
    await patches.call(() => patchOrder(id, partial))
  } finally {
    if (patches.pending === 0) void pages.renew(settings.page)
  }
}

export const contestant: Contestant = {
  pages: {
    usePage: pages.use,
    fill: (count) => pages.fill(Array.from({ length: count }, (_, index) => [index + 1, makePage(index + 1).rows])),
    invalidate: invalidateDisk,
    prefetch: pages.read,
  },
  rows: {
    useRow: rows.use,
    fill: (count) => rows.fill(Array.from({ length: count }, (_, index) => [index + 1, makeOrder(index + 1, 0)])),
    changed: (id) => void rows.renew(id),
    arrived(row) {
      rows.show(row.id, row)
      void rows.keep(row.id, row, Date.now())
    },
  },
  writer: { usePatch: () => patch },
  listen: () =>
    readEvents(({ id, row }) => {
      if (row === undefined) void pages.renew(settings.page)
      else change(id, row)
    }),
}
