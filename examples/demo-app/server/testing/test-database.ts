import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'

/** The databases that one test file makes for itself. */
export interface TestDatabases {
  /** Makes one, as a copy of another where it is named, and resolves with its URL. */
  create(copyOf?: string): Promise<string>
  drop(url: string): Promise<void>
  /** Drops those that are left. */
  close(): Promise<void>
}

export async function testDatabases(): Promise<TestDatabases> {
  const response = await fetch(inject('postgres'))
  const answer = await response.text()
  if (!response.ok) throw new Error(answer)
  const client = new Client({ connectionString: answer })
  await client.connect()
  const left = new Set<string>()

  const drop = async (url: string): Promise<void> => {
    left.delete(url)
    await client.query(`DROP DATABASE ${nameOf(url)} WITH (FORCE)`)
  }

  return {
    async create(copyOf) {
      const url = new URL(answer)
      url.pathname = `/vantage_live_test_${randomUUID().replaceAll('-', '')}`
      const source = copyOf === undefined ? `template0 ENCODING 'UTF8'` : nameOf(copyOf)
      await client.query(`CREATE DATABASE ${nameOf(url.href)} TEMPLATE ${source}`)
      left.add(url.href)
      return url.href
    },
    drop,
    async close() {
      for (const url of left) await drop(url)
      await client.end()
    },
  }
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1)
}
