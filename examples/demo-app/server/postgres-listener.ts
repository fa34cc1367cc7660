import { Client } from 'pg'

/** A connection that hears of commits, and is made anew when it is lost. */
export interface CommitListener {
  close(): Promise<void>
}

/** How long it waits before it connects again, in ms. */
const pause = 500

/** Calls back at each `NOTIFY` of this name, and whenever some may have been missed. */
export function commitListener(url: string, channel: string, onCommit: () => void): CommitListener {
  let client: Client
  let retry: NodeJS.Timeout | undefined
  let closed = false

  const connect = async (): Promise<void> => {
    client = new Client({ connectionString: url, keepAlive: true, connectionTimeoutMillis: 5_000 })
    // What is lost is told by `end` as well.
    client.on('error', () => undefined)
    client.on('notification', onCommit)
    client.on('end', again)
    try {
      await client.connect()
      await client.query(`LISTEN ${channel}`)
      onCommit()
    } catch {
      // The log is looked at from time to time all the same.
      again()
    }
  }

  const again = (): void => {
    if (closed) return
    clearTimeout(retry)
    retry = setTimeout(() => {
      connecting = connect()
    }, pause).unref()
  }

  let connecting = connect()
  return {
    async close() {
      closed = true
      clearTimeout(retry)
      await connecting
      await client.end()
    },
  }
}
