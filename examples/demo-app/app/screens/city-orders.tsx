import { useLivePage } from '@vantage-live/react'
import type { ReactNode } from 'react'
import { StaleMark } from '../detail/stale-mark.tsx'
import { errorWords } from '../error-words.ts'
import { formatMoment, formatMoney, formatNumber } from '../format.ts'
import type { Row } from '../screen.ts'
import { useSession } from '../session/session.ts'
import { Link } from '../ui/link.tsx'

/** The latest orders that go to a city: a view of the other table. */
export function CityOrders({ row: city }: { readonly row: Row }): ReactNode {
  const { orders } = useSession().tables
  const view = orders.view({ where: { cityId: Number(city['id']) }, orderBy: [{ field: 'placedAt', direction: 'desc' }] })
  const { rows, total, data, isPending, error } = useLivePage(view, 1, { pageSize: 5 })
  return (
    <section className="card" aria-label="Latest orders">
      <h3>Latest orders {total !== undefined && <span className="muted">of {formatNumber(total)}</span>}</h3>
      <StaleMark table={view} error={error} fetchedAt={data?.fetchedAt} />
      {rows.length === 0 && (
        <p className="muted">{isPending ? 'Looking…' : data === undefined && error !== null ? errorWords(error).message : 'None yet.'}</p>
      )}
      <ul className="list">
        {rows.map(({ id, customer, placedAt, total: amount }) => (
          <li key={id}>
            <Link to={`/orders?${new URLSearchParams({ row: id })}`}>{customer}</Link>
            <small>{formatMoment(placedAt)}</small>
            <span className="number">{formatMoney(amount)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
