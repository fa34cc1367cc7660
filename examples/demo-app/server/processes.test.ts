import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { homeKinds } from './small-app.ts'
import { eventClient } from './testing/event-client.ts'
import type { EventClient, Message } from './testing/event-client.ts'
import { testDatabases } from './testing/test-database.ts'

interface Api {
  readonly url: string
  readonly process: ChildProcess
}

async function startApi(place: string, port = '0'): Promise<Api> {
  const child = fork(join(import.meta.dirname, '../e2e/api-process.ts'), [place, port])
  onTestFinished(() => void child.kill('SIGKILL'))
  const [url] = await once(child, 'message')
  return { url: String(url), process: child }
}

async function kill({ process: child }: Api): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function listenTo({ url }: Api, lastEventId?: string): Promise<EventClient> {
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  const headers: HeadersInit = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  return eventClient(fetch(`${url}/api/orders/events`, { headers, signal: controller.signal }))
}

function patch({ url }: Api, notes: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${url}/api/orders/B-000001`, { method: 'PATCH', headers, body: JSON.stringify({ notes }) })
}

function notesIn({ data }: Message): unknown {
  return JSON.parse(data).row.notes
}

async function newPlace(kind: (typeof homeKinds)[number]): Promise<string> {
  if (kind === 'PostgreSQL') {
    const databases = await testDatabases()
    onTestFinished(() => databases.close())
    return databases.create()
  }
  const folder = mkdtempSync(join(tmpdir(), 'demo-app-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'demo.db')
}

test.each(homeKinds)(
  '%s: a server that is killed while somebody writes tells of each write that it had answered, once it is there again',
  async (kind) => {
    const place = await newPlace(kind)
    const first = await startApi(place)
    const client = await listenTo(first)
    const answered: string[] = []
    const writing = (async () => {
      for (let number = 1; ; number += 1) {
        const response = await patch(first, String(number))
        if (response.ok) answered.push(String(number))
      }
    })()
    const heard = [...(await client.messages(20))]
    await Promise.all([kill(first), expect(writing).rejects.toThrow('fetch failed')])

    const second = await startApi(place, new URL(first.url).port)
    expect(second.url).toBe(first.url)
    const position = heard.at(-1)?.id
    const again = await listenTo(second, position)
    expect(again.response.headers.get('last-event-id')).toBe(position)
    expect((await patch(second, 'the last one')).status).toBe(200)
    do heard.push(await again.message())
    while (heard.map(notesIn).at(-1) !== 'the last one')

    const notes = heard.map(notesIn)
    expect(notes.slice(0, answered.length)).toEqual(answered)
    // One more may have been stored whose answer was cut off.
    expect(notes.slice(answered.length).filter((each) => each !== String(answered.length + 1))).toEqual(['the last one'])
  },
)

test('PostgreSQL: a client goes on where it was at another process when its own is killed, and back when that is there again', async () => {
  const place = await newPlace('PostgreSQL')
  const [first, second] = await Promise.all([startApi(place), startApi(place)])
  const client = await listenTo(first)
  await patch(second, 'one')
  const one = await client.message()
  expect(notesIn(one)).toBe('one')
  await kill(first)
  await patch(second, 'two')
  const elsewhere = await listenTo(second, one.id)
  const two = await elsewhere.message()
  expect(notesIn(two)).toBe('two')
  await patch(second, 'three')

  const back = await listenTo(await startApi(place, new URL(first.url).port), two.id)
  expect(back.response.headers.get('last-event-id')).toBe(two.id)
  expect(notesIn(await back.message())).toBe('three')
})
