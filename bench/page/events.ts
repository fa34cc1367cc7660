import type { Order } from './orders.ts'
import { eventsUrl } from './settings.ts'

/** What the server tells: an order was changed, and where it was asked to, the order as it is now. */
export interface OrderEvent {
  readonly type: 'updated'
  readonly id: number
  readonly row?: Order
}

/** Reads the server's events, as an app would. Contestants that bring a client of their own use that. */
export function readEvents(onEvent: (event: OrderEvent) => void): void {
  // oxlint-disable-next-line typescript/no-unsafe-argument -- the server is our own
  new EventSource(eventsUrl).addEventListener('message', ({ data }: MessageEvent<string>) => onEvent(JSON.parse(data)))
}
