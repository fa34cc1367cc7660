import { restTable } from '@vantage-live/core'
import type { ReactNode } from 'react'
import { formatDay, formatMoment, formatMoney, formatNumber } from '../format.ts'
import { gridTable, labelIn, shownId, type Field, type Screen } from '../screen.ts'
import type { Order, Tables } from '../tables.ts'
import { CityName, CityNames } from './city-names.tsx'
import { anyOther, optionsOf } from './options.ts'

const statuses = optionsOf({
  open: 'Open',
  baking: 'Baking',
  ready: 'Ready',
  delivered: 'Delivered',
  cancelled: 'Cancelled',
} satisfies Record<Order['status'], string>)

const channels = optionsOf({
  web: 'Web',
  app: 'App',
  phone: 'Phone',
  shop: 'Shop',
  wholesale: 'Wholesale',
} satisfies Record<Order['channel'], string>)

const products = optionsOf({
  croissant: 'Croissant',
  muffin: 'Muffin',
  sourdough: 'Sourdough',
  baguette: 'Baguette',
  'cinnamon roll': 'Cinnamon roll',
  bagel: 'Bagel',
  pretzel: 'Pretzel',
  brioche: 'Brioche',
  'rye bread': 'Rye bread',
  focaccia: 'Focaccia',
  eclair: 'Eclair',
  cheesecake: 'Cheesecake',
} satisfies Record<Order['product'], string>)

export function makeOrdersScreen({ orders, cities }: Tables): Screen {
  const table = gridTable(orders)

  const fields: Readonly<Record<Exclude<keyof Order, 'version'>, Omit<Field, 'name'>>> = {
    id: { width: 112, input: { kind: 'text' }, isFixed: true, onInsert: 'optional', show: (_, row) => shownId(table, row) },
    placedAt: { width: 158, show: (value) => formatMoment(String(value)) },
    customer: { width: 176, input: { kind: 'text' }, onInsert: 'required' },
    cityId: {
      width: 150,
      input: { kind: 'reference', table: gridTable(cities) },
      onInsert: 'required',
      show: (value) => <CityName id={value} />,
      isUnsortable: true,
    },
    product: { width: 134, input: { kind: 'select', options: products }, onInsert: 'required', initial: 'croissant' },
    quantity: {
      isNumeric: true,
      width: 72,
      input: { kind: 'number' },
      onInsert: 'required',
      initial: 1,
      show: (value) => formatNumber(Number(value)),
    },
    unitPrice: {
      isNumeric: true,
      width: 92,
      input: { kind: 'number' },
      onInsert: 'required',
      initial: 2.4,
      show: (value) => formatMoney(Number(value)),
    },
    total: { isNumeric: true, width: 104, show: (value) => formatMoney(Number(value)), isCompact: true },
    status: {
      width: 118,
      input: { kind: 'select', options: statuses },
      show: (value) => <StatusPill status={String(value)} />,
      isCompact: true,
    },
    channel: { width: 106, input: { kind: 'select', options: channels }, onInsert: 'required', initial: 'phone' },
    deliveryDate: { width: 128, input: { kind: 'date' }, onInsert: 'optional', show: (value) => formatDay(String(value)) },
    notes: { width: 240, input: { kind: 'notes' }, onInsert: 'optional' },
  }

  return {
    path: 'orders',
    title: 'Orders',
    noun: 'order',
    table,
    fields: Object.entries(fields).map(([name, field]) => ({ name, ...field })),
    filters: [
      { name: 'status', label: 'Status', field: 'status', operator: 'eq', input: { kind: 'select', options: statuses } },
      { name: 'channel', label: 'Channel', field: 'channel', operator: 'eq', input: { kind: 'select', options: channels } },
      { name: 'min', label: 'Total from', field: 'total', operator: 'gte', input: { kind: 'number' } },
      { name: 'max', label: 'Total to', field: 'total', operator: 'lte', input: { kind: 'number' } },
    ],
    defaultOrder: [{ field: 'placedAt', direction: 'desc' }],
    newRow: () => ({ placedAt: new Date().toISOString(), status: 'open' }),
    summary: (row) => (
      <span className="summary">
        <span>{row['customer']}</span>
        <small>
          {row['quantity']} × {row['product']} · {shownId(table, row)}
        </small>
      </span>
    ),
    Context: CityNames,
    somebody: restTable<Order>('/api/orders'),
    somebodysChange: ({ status }) => ({ status: anyOther(statuses, status) }),
  }
}

function StatusPill({ status }: { readonly status: string }): ReactNode {
  return (
    <span className="pill" data-status={status}>
      {labelIn(statuses, status)}
    </span>
  )
}
