import { useQueries, type UseQueryResult } from '@tanstack/react-query'
import type { Page } from '@vantage-live/core'
import { livePageOptions } from '@vantage-live/react'
import { createContext, use, useMemo, useState, type ReactNode } from 'react'
import type { Row, Value } from '../screen.ts'
import { useSession } from '../session/session.ts'
import type { City } from '../tables.ts'

interface Names {
  readonly byId: ReadonlyMap<Value, string>
  readonly areComing: boolean
}

/** How many ids the server takes in one request. */
const mostIds = 100

const Names = createContext<Names>({ byId: new Map(), areComing: false })

/** Knows the names of the cities that these orders go to: one request for a hundred of them, cached like any other page. */
export function CityNames({ rows, children }: { readonly rows: readonly Row[]; readonly children: ReactNode }): ReactNode {
  const { cities } = useSession().tables
  // A new row has what was put in, which may be none.
  const ids = [...new Set(rows.flatMap(({ cityId }) => (typeof cityId === 'number' ? [cityId] : [])))].sort((a, b) => a - b)
  const parts = Array.from({ length: Math.ceil(ids.length / mostIds) }, (_, part) => ids.slice(part * mostIds, (part + 1) * mostIds))
  const names = useQueries({
    queries: parts.map((part) => livePageOptions(cities.view({ where: { id: { in: part } } }), 1, part.length)),
    combine: namesOf,
  })

  // One more city is another request: until it is answered, the others keep their names.
  const [known, setKnown] = useState(names.byId)
  const isNews = [...names.byId].some(([id, name]) => known.get(id) !== name)
  if (isNews) setKnown(new Map([...known, ...names.byId]))
  const value = useMemo(() => ({ byId: known, areComing: names.areComing }), [known, names.areComing])
  return <Names value={value}>{children}</Names>
}

export function CityName({ id }: { readonly id: Value }): ReactNode {
  const { byId, areComing } = use(Names)
  return byId.get(id) ?? <span className="muted">{areComing ? '…' : id}</span>
}

function namesOf(results: readonly UseQueryResult<Page<City>>[]): Names {
  return {
    byId: new Map(results.flatMap(({ data }) => data?.rows ?? []).map(({ id, name }) => [id, name])),
    areComing: results.some(({ isPending }) => isPending),
  }
}
