import { startServer } from '../server/server.ts'

// The real server in a process of its own, so that it can be killed as a crash would.
const [databaseFile = ':memory:'] = process.argv.slice(2)
const { url } = await startServer({ port: 0, databaseFile, size: { cities: 500, orders: 2_000 } })
process.send?.(url)
