import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from './app.ts'
import { orders } from './entities/orders.ts'
import { goOnWithEventLog, startEventLog } from './event-log.ts'
import type { Home } from './home.ts'
import { homeKinds, smallApps } from './small-app.ts'
import type { SmallApp } from './small-app.ts'
import { tableStore } from './table-store.ts'
import { eventClient } from './testing/event-client.ts'
import type { EventClient } from './testing/event-client.ts'

async function listen(app: Pick<SmallApp, 'request'>, headers: Readonly<Record<string, string>> = {}): Promise<EventClient> {
  const client = await eventClient(app.request('/api/orders/events', { headers }))
  onTestFinished(() => client.cancel())
  return client
}

function positionOf({ response }: EventClient): number {
  return Number(response.headers.get('last-event-id'))
}

/** Updates the first order so many times, in one transaction. */
function update(home: Home, times: number, changes: Readonly<Record<string, string | number>> = {}): Promise<void> {
  const store = tableStore(home.dialect, orders)
  return home.write(async (sql) => {
    for (let time = 1; time <= times; time += 1) await store.update(sql, 'B-000001', { quantity: time, ...changes })
  })
}

function quantityIn({ data }: { readonly data: string }): unknown {
  return JSON.parse(data).row.quantity
}

/** 1, 2, 3 and so on. */
function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

describe.each(homeKinds)('%s', (kind) => {
  const apps = smallApps(kind)

  test('an event has a position, and the row as lists have it, with the position as its version', async () => {
    const app = await apps.open()
    const client = await listen(app)
    const start = positionOf(client)
    await update(app.home, 1)
    const { rows } = await app.list('/api/orders?id=B-000001')
    const position = String(start + 1)
    expect(rows[0]).toHaveProperty('version', position)
    expect(await client.message()).toEqual({
      id: position,
      event: 'message',
      data: JSON.stringify({ type: 'updated', id: 'B-000001', row: rows[0], fields: ['quantity', 'total', 'version'] }),
    })
  })

  test('what is rolled back is no event, and leaves no hole in the positions', async () => {
    const app = await apps.open()
    const client = await listen(app)
    const store = tableStore(app.home.dialect, orders)
    const failing = app.home.write(async (sql) => {
      await store.update(sql, 'B-000001', { quantity: 7 })
      throw new Error('stopped midway')
    })
    await expect(failing).rejects.toThrow('stopped midway')
    await update(app.home, 1)
    expect(await client.message()).toMatchObject({ id: String(positionOf(client) + 1), data: expect.stringContaining('"quantity":1') })
  })

  test('from a position on, what came after it is sent, and then what comes', async () => {
    const app = await apps.open()
    const start = positionOf(await listen(app))
    await update(app.home, 5)
    const client = await listen(app, { 'last-event-id': String(start + 2) })
    expect(client.response.headers.get('last-event-id')).toBe(String(start + 2))
    expect((await client.messages(3)).map(({ id }) => Number(id))).toEqual([start + 3, start + 4, start + 5])
    await update(app.home, 1)
    expect(await client.message()).toMatchObject({ id: String(start + 6) })
  })

  test('what is written while a client resumes is neither lost nor doubled', async () => {
    const app = await apps.open()
    const start = positionOf(await listen(app))
    await update(app.home, 520)
    const writing = Promise.all(upTo(30).map(() => update(app.home, 1)))
    const clients = await Promise.all(upTo(5).map(() => listen(app, { 'last-event-id': String(start) })))
    await writing
    for (const client of clients) {
      const heard = await client.messages(550)
      expect(heard.map(({ id }) => Number(id) - start)).toEqual(upTo(550))
    }
  })

  test('a client at the present position hears nothing of the past, also after changes of another table', async () => {
    const app = await apps.open()
    await app.send('PATCH', '/api/cities/1796236', { population: 1 })
    const present = String(positionOf(await listen(app)))
    const client = await listen(app, { 'last-event-id': present })
    expect(client.response.headers.get('last-event-id')).toBe(present)
    await app.send('PATCH', '/api/cities/1796236', { population: 2 })
    await update(app.home, 1)
    expect(await client.message()).toMatchObject({ id: String(Number(present) + 2) })
  })

  test('a position that is not known is answered with a reset and the present one', async () => {
    const app = await apps.open()
    for (const asked of ['', '0', 'x', '-1', '1e3', '99999999999999999999', 'one that is yet to come']) {
      const present = positionOf(await listen(app))
      const client = await listen(app, { 'last-event-id': asked.replace('one that is yet to come', String(present + 1)) })
      expect(client.response.headers.get('last-event-id')).toBe(String(present))
      expect(await client.block()).toBe(`event: reset\nid: ${present}\ndata:`)
      await update(app.home, 1)
      expect(await client.message()).toMatchObject({ id: String(present + 1), event: 'message' })
    }
  })

  test('the log keeps ten thousand events; from before them there is a reset', async () => {
    const app = await apps.open()
    const start = positionOf(await listen(app))
    await update(app.home, 2)
    // As if as many had come meanwhile.
    await app.home.write(async (sql) => {
      await sql(
        `INSERT INTO events (position, "table", event)
          WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 10000)
          SELECT "last" + number, 'orders', '{"type":"changed"}' FROM numbers, counters WHERE name = 'position'`,
      )
      await sql(`UPDATE counters SET "last" = "last" + 10000 WHERE name = 'position'`)
    })
    await update(app.home, 64)
    const unknown = await listen(app, { 'last-event-id': String(start + 1) })
    const present = positionOf(unknown)
    expect(await unknown.message()).toEqual({ id: String(present), event: 'reset', data: '' })
    const [count] = await app.home.read((sql) => sql('SELECT count(*) AS count, min(position) AS first FROM events'))
    expect(Number(count?.['count'])).toBeLessThan(10_064)
    const known = await listen(app, { 'last-event-id': String(count?.['first']) })
    expect(positionOf(known)).toBe(Number(count?.['first']))
    expect(present - positionOf(known)).toBeGreaterThan(9_990)
  })

  test('a stream on which nothing happens moves on with the others', async () => {
    const app = await apps.open()
    const start = positionOf(await listen(app))
    await update(app.home, 2)
    const headers = { prefer: 'wait=0', 'last-event-id': String(start) }
    const poll = await app.request('/api/cities/events', { headers })
    expect(await poll.text()).toBe(`: connected\n\nid: ${start + 2}\n\n`)
  })

  test('promise 11: a position of changes that were lost is not known, though others are before and after it', async () => {
    const app = await apps.open()
    await update(app.home, 1)
    const client = await listen(app)
    const present = positionOf(client)
    // As after a crash that cost the end of the log, or with a file that was put back.
    await app.home.write(goOnWithEventLog)
    await update(app.home, 1)
    const reader = await listen(app, { 'last-event-id': String(present + 1) })
    expect(await reader.message()).toMatchObject({ event: 'reset' })
    const other = await listen(app, { 'last-event-id': String(present) })
    expect(positionOf(other)).toBe(present)
    expect(await other.message()).toMatchObject({ event: 'message' })
  })

  describe('Prefer: wait=0', () => {
    test('the answer is what there is, and ends', async () => {
      const app = await apps.open()
      for (const prefer of ['wait=0', 'respond-async, wait=0', 'WAIT=0;x=1']) {
        const first = await listen(app, { prefer })
        expect(await first.rest()).toEqual([])
        expect(first.response.headers.get('content-type')).toBe('text/event-stream')
        const start = positionOf(first)
        await update(app.home, 3)
        const second = await listen(app, { prefer, 'last-event-id': String(start) })
        expect(positionOf(second)).toBe(start)
        expect((await second.rest()).map(({ id }) => Number(id) - start)).toEqual([1, 2, 3])
      }
      expect(app.readers).toBe(0)
    })

    test('it may be long', async () => {
      const app = await apps.open()
      const start = positionOf(await listen(app))
      await update(app.home, 510)
      await app.send('PATCH', '/api/cities/1796236', { population: 1 })
      const client = await listen(app, { prefer: 'wait=0', 'last-event-id': String(start) })
      expect((await client.rest()).map(({ id }) => Number(id) - start)).toEqual(upTo(510))
    })

    test('a position that is not known is answered with a reset, and the end', async () => {
      const app = await apps.open()
      await update(app.home, 1)
      const client = await listen(app, { prefer: 'wait=0', 'last-event-id': '7' })
      expect(await client.rest()).toEqual([{ id: String(positionOf(client)), event: 'reset', data: '' }])
    })

    test('another preference waits', async () => {
      const app = await apps.open()
      for (const prefer of ['wait=10', 'wait=05', 'nowait=0']) {
        const client = await listen(app, { prefer })
        await update(app.home, 1)
        expect(await client.message()).toHaveProperty('data')
      }
      expect(app.readers).toBe(3)
    })
  })

  test('a log that starts anew goes on above the former one, and knows no position of it', async () => {
    const first = await apps.open()
    await update(first.home, 3)
    const before = positionOf(await listen(first))
    const start = await first.home.write(async (sql) => {
      await sql(`DELETE FROM counters WHERE name = 'position'`)
      await sql('DELETE FROM events')
      return startEventLog(sql)
    })
    expect(start).toBeGreaterThan(before)
    const app = await createApp({ home: first.home })
    onTestFinished(() => app.close())
    expect(await (await listen(app, { 'last-event-id': String(before) })).message()).toMatchObject({ id: String(start), event: 'reset' })
  })

  test('who comes back after a restart goes on where it was', async () => {
    const place = await apps.place()
    const first = await apps.openOn(place)
    const start = positionOf(await listen(first))
    await update(first.home, 3)
    await first.close()
    const second = await apps.openOn(place)
    const client = await listen(second, { 'last-event-id': String(start + 1) })
    expect((await client.messages(2)).map(quantityIn)).toEqual([2, 3])
  })

  test('a client that goes, and one whose connection the server closes, are forgotten', async () => {
    const app = await apps.open()
    const client = await listen(app)
    await client.block()
    expect(app.readers).toBe(1)
    await client.cancel()
    expect(app.readers).toBe(0)
    const other = await listen(app)
    await app.close()
    expect(await other.rest()).toEqual([])
    expect(app.readers).toBe(0)
  })

  test('a log that cannot be read for a while is read on later', async () => {
    const app = await apps.open()
    const report = vi.spyOn(console, 'error').mockReturnValue()
    onTestFinished(() => report.mockRestore())
    const client = await listen(app)
    const next = client.message()
    await app.home.write((sql) => sql('ALTER TABLE events RENAME TO away'))
    await expect.poll(() => report.mock.calls.length).toBeGreaterThan(0)
    await app.home.write((sql) => sql('ALTER TABLE away RENAME TO events'))
    await update(app.home, 1)
    expect(await next).toMatchObject({ id: String(positionOf(client) + 1) })
  })
})

describe('a reader that is slower than events come', () => {
  const apps = smallApps()

  test('gets a reset in place of what waits, and then what comes', async () => {
    const app = await apps.open()
    const slow = await listen(app)
    const quick = await listen(app)
    const start = positionOf(slow)
    for (let time = 0; time < 5; time += 1) {
      await update(app.home, 500)
      expect((await quick.messages(500)).map(quantityIn)).toEqual(upTo(500))
    }
    // More wait than are kept.
    expect(await slow.message()).toEqual({ id: String(start + 2_500), event: 'reset', data: '' })
    await update(app.home, 1)
    expect(await slow.message()).toMatchObject({ id: String(start + 2_501), event: 'message' })
    expect(app.readers).toBe(2)
  })

  test('misses nothing as long as all that waits is kept', async () => {
    const app = await apps.open()
    const slow = await listen(app)
    await update(app.home, 2_000)
    expect((await slow.messages(2_000)).map(quantityIn)).toEqual(upTo(2_000))
  })
})

describe('heartbeats', () => {
  const apps = smallApps()

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('a comment every 15 s shows that the connection lives, also while other tables change', async () => {
    const app = await apps.open()
    const client = await listen(app)
    expect(await client.block()).toBe(': connected')
    for (let time = 0; time < 2; time += 1) {
      const heard = vi.fn<(block: string | undefined) => void>()
      const heartbeat = client.block().then(heard)
      await vi.advanceTimersByTimeAsync(8_000)
      await app.send('PATCH', '/api/cities/1796236', { population: time })
      await vi.advanceTimersByTimeAsync(6_999)
      expect(heard).not.toHaveBeenCalled()
      await vi.advanceTimersByTimeAsync(1)
      await heartbeat
      // The changes of others move it on in the log that they share.
      expect(heard).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^: still here\nid: \d+$/))
    }
  })

  test('they wait for 15 s without an event', async () => {
    const app = await apps.open()
    const client = await listen(app)
    await client.block()
    const event = client.block()
    await vi.advanceTimersByTimeAsync(14_000)
    await update(app.home, 1)
    expect(await event).toContain('updated')
    const heard = vi.fn<(block: string | undefined) => void>()
    const heartbeat = client.block().then(heard)
    await vi.advanceTimersByTimeAsync(14_999)
    expect(heard).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await heartbeat
  })

  test('who does not read gets none, and nothing of a stream that has ended stays', async () => {
    const app = await apps.open()
    const idle = await listen(app)
    const reading = await listen(app)
    await reading.block()
    const last = reading.block()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await last).toBe(': still here')
    expect(await idle.block()).toBe(': connected')
    await app.close()
    expect(await idle.block()).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a commit of which nobody told is found within 5 s', async () => {
    const place = await apps.place()
    const [app, other] = [await apps.openOn(place), await apps.openOn(place)]
    const client = await listen(app)
    const event = client.message()
    await update(other.home, 1)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await event).toHaveProperty('id', String(positionOf(client) + 1))
  })
})
