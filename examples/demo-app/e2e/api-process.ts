import { startServer } from '../server/server.ts'

// The real server in a process of its own, so that it can be killed as a crash would, and started again on the same database and port.
const [database = ':memory:', port = '0'] = process.argv.slice(2)
const { url } = await startServer({ port: Number(port), database, size: { cities: 500, orders: 2_000 } })
process.send?.(url)
