import { restTable } from '@vantage-live/core'
import { formatNumber } from '../format.ts'
import { gridTable, shownId, type Field, type Screen } from '../screen.ts'
import type { City, Tables } from '../tables.ts'
import { CityOrders } from './city-orders.tsx'
import { countries, countryName } from './countries.ts'

/** What GeoNames calls a place; rarer codes are shown as they are. */
const kinds: ReadonlyMap<string, string> = new Map([
  ['PPL', 'Town'],
  ['PPLA', 'Seat of a region'],
  ['PPLA2', 'Seat of a district'],
  ['PPLA3', 'Seat of a county'],
  ['PPLA4', 'Seat of a commune'],
  ['PPLC', 'Capital'],
  ['PPLX', 'Part of a town'],
])

export function makeCitiesScreen({ cities }: Tables): Screen {
  const table = gridTable(cities)

  const fields: Readonly<Record<Exclude<keyof City, 'version'>, Omit<Field, 'name'>>> = {
    id: { width: 116, input: { kind: 'number' }, isFixed: true, onInsert: 'optional', show: (_, row) => shownId(table, row) },
    name: { width: 240, input: { kind: 'text' }, onInsert: 'required' },
    country: { width: 200, input: { kind: 'select', options: countries }, onInsert: 'required', initial: 'FR' },
    adminCode: { width: 100, input: { kind: 'text' }, onInsert: 'optional' },
    municipality: { width: 140, input: { kind: 'text' }, onInsert: 'optional' },
    featureCode: { width: 150, input: { kind: 'text' }, onInsert: 'optional', show: (value) => kinds.get(String(value)) ?? value },
    population: {
      isNumeric: true,
      width: 130,
      input: { kind: 'number' },
      onInsert: 'optional',
      show: (value) => formatNumber(Number(value)),
      isCompact: true,
    },
    lat: { isNumeric: true, width: 110, input: { kind: 'number' }, onInsert: 'required', show: degrees },
    lon: { isNumeric: true, width: 110, input: { kind: 'number' }, onInsert: 'required', show: degrees },
  }

  return {
    path: 'cities',
    title: 'Cities',
    noun: 'city',
    table,
    fields: Object.entries(fields).map(([name, field]) => ({ name, ...field })),
    filters: [
      { name: 'country', label: 'Country', field: 'country', operator: 'eq', input: { kind: 'select', options: countries } },
      { name: 'people', label: 'Population from', field: 'population', operator: 'gte', input: { kind: 'number' } },
    ],
    defaultOrder: [{ field: 'population', direction: 'desc' }],
    summary: (row) => (
      <span className="summary">
        <span>{row['name']}</span>
        <small>
          {countryName(String(row['country']))} · {shownId(table, row)}
        </small>
      </span>
    ),
    Related: ({ row }) => (
      <>
        <CityOrders row={row} />
        <p className="credit">
          Data by <a href="https://www.geonames.org">GeoNames</a>, CC BY 4.0
        </p>
      </>
    ),
    somebody: restTable<City>('/api/cities'),
    somebodysChange: ({ population }) => ({ population: Number(population) + 1 + Math.floor(Math.random() * 1000) }),
  }
}

function degrees(value: string | number): string {
  return `${Number(value).toFixed(4)}°`
}
