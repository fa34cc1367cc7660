import type { Order, OrderPage } from './orders.ts'
import { probe } from './probe.ts'

// The requests, as an app would write them. Contestants that bring a client of their own use that.

export function listOrders(page: number, signal?: AbortSignal): Promise<OrderPage> {
  return request(`/api/orders?page=${page}&limit=50`, signal === undefined ? {} : { signal })
}

export async function getOrder(id: number, signal?: AbortSignal): Promise<Order> {
  const order = await request<Order>(`/api/orders/${id}`, signal === undefined ? {} : { signal })
  probe.rowArrived()
  return order
}

export function patchOrder(id: number, partial: Partial<Order>): Promise<Order> {
  return request(`/api/orders/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(partial),
  })
}

async function request<Answer>(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init)
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  // oxlint-disable-next-line typescript/no-unsafe-return -- the server is our own
  return response.json()
}
