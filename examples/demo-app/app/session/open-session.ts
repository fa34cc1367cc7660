import { QueryClient } from '@tanstack/react-query'
import { network } from '../network.ts'
import { makeNotices } from '../notices.ts'
import { makeScreens } from '../screens/all.ts'
import { makeTables } from '../tables.ts'
import { makeTraceLog } from '../trace-log.ts'
import type { Session } from './session.ts'
import type { User } from './users.ts'

let count = 0

/** @param onPurged called when all that is kept of the user is removed, by this tab or another */
export function openSession(user: User, onPurged: () => void): Session {
  count += 1
  const traceLog = makeTraceLog()
  const tables = makeTables(user.id, traceLog.add)
  const { orders, cities } = tables

  // Both of them, whatever the screen: so writes to either that an earlier page has left behind are sent, too.
  for (const table of [orders, cities]) {
    table.subscribe(({ type }) => {
      if (type === 'purged') onPurged()
    })
  }

  // The tables try by themselves, but not at once.
  const leaveNetwork = network.onOnline(() => {
    orders.resume()
    cities.resume()
  })

  const client = new QueryClient({
    defaultOptions: {
      // The live table has something to show meanwhile, and asks again by itself when its stream is back.
      queries: { retry: false },
      // Whether there is a network is the app's own switch to say.
      mutations: { networkMode: 'always' },
    },
  })

  return {
    number: count,
    user,
    tables,
    screens: makeScreens(tables),
    client,
    notices: makeNotices(),
    traceLog,
    end() {
      leaveNetwork()
      // After what shows them is gone.
      setTimeout(() => client.clear())
    },
  }
}
