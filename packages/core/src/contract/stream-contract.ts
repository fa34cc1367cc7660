import { describe, expect, onTestFinished, test } from 'vitest'
import type { LiveEvent, LiveStream, StreamListener } from '../stream/stream.ts'
import { streamRecorder, type StreamRecorder } from './stream-recorder.ts'

/** A stream to be tested, and its other end. */
export interface StreamUnderTest {
  readonly stream: LiveStream
  /** Makes the source send an event. */
  readonly emit: (event: LiveEvent) => unknown
  /** Breaks the connection in a way after which the stream connects again by itself. */
  readonly cut?: () => unknown
  /** Whether it goes on from a position, and keeps all that these tests send meanwhile. Default: `false`. */
  readonly resumes?: boolean
  readonly dispose?: () => unknown
}

/** How long something may take that has to happen, in ms: on a busy machine much takes long. */
const patience = 30_000

/**
 * Declares the tests that every `LiveStream` must pass, with vitest.
 *
 * @param create makes a stream with a source of its own, for one test; it may be asynchronous, and so may `emit`,
 * `cut` and `dispose`. The stream has to open, and to open again after `cut`, within 30 s.
 */
export function describeStream(name: string, create: () => StreamUnderTest | Promise<StreamUnderTest>): void {
  describe(`${name} is a live stream`, { timeout: 2 * patience }, () => {
    test('a status is reported at once', async () => {
      const { stream } = await setUp(create)
      const recorder = streamRecorder()
      connect(stream, recorder)
      expect(recorder.statuses).toHaveLength(1)
    })

    test('every connection hears every event, in order', async () => {
      const { stream, emit } = await setUp(create)
      const recorders = [streamRecorder(), streamRecorder(), streamRecorder()]
      for (const recorder of recorders) connect(stream, recorder)
      for (const recorder of recorders) await opened(recorder)
      const events: LiveEvent[] = [
        { type: 'inserted', id: 'a/b %🥐', row: { id: 'a/b %🥐', name: 'Brezel' } },
        { type: 'updated', id: 2, row: { id: 2, name: 'Semmel' } },
        { type: 'updated', id: 2 },
        { type: 'changed' },
        { type: 'deleted', id: 2 },
      ]
      for (const event of events) await emit(event)
      for (const recorder of recorders) await soon(() => recorder.events).toEqual(events)
    })

    test('a connection that has ended hears nothing more, and may be ended again', async () => {
      const { stream, emit } = await setUp(create)
      const staying = streamRecorder()
      connect(stream, staying)
      await opened(staying)
      const leaving = streamRecorder()
      const disconnect = connect(stream, leaving)
      await opened(leaving)
      disconnect()
      disconnect()
      const heard = total(leaving)
      const coming = streamRecorder()
      connect(stream, coming)
      await opened(coming)
      await emit({ type: 'updated', id: 1 })
      await soon(() => staying.events).toEqual([{ type: 'updated', id: 1 }])
      await soon(() => coming.events).toEqual([{ type: 'updated', id: 1 }])
      expect(total(leaving)).toBe(heard)
    })

    test('a connection that is ended while it hears of something hears nothing more', async () => {
      const { stream, emit } = await setUp(create)
      const staying = streamRecorder()
      connect(stream, staying)
      await opened(staying)
      const leaving = streamRecorder()
      const disconnect = connect(stream, {
        ...leaving,
        onEvent(event) {
          leaving.onEvent(event)
          disconnect()
        },
      })
      await opened(leaving)
      const events: LiveEvent[] = [{ type: 'updated', id: 1 }, { type: 'updated', id: 2 }, { type: 'changed' }]
      for (const event of events) await emit(event)
      await soon(() => staying.events).toEqual(events)
      await soon(() => leaving.events).toEqual(events.slice(0, 1))
    })

    test('a connection that is ended at the first thing it hears hears nothing more', async () => {
      const { stream, emit } = await setUp(create)
      const leaving = streamRecorder()
      let disconnect: (() => void) | undefined
      const disconnectAfter = <Args extends readonly unknown[]>(call: (...args: Args) => void) => {
        return (...args: Args) => {
          call(...args)
          disconnect?.()
        }
      }
      disconnect = connect(stream, {
        onEvent: disconnectAfter(leaving.onEvent),
        onGap: disconnectAfter(leaving.onGap),
        onStatus: disconnectAfter(leaving.onStatus),
        onError: disconnectAfter(leaving.onError),
        onPosition: disconnectAfter(leaving.onPosition),
      })
      const heard = total(leaving) + 1
      await emit({ type: 'changed' })
      await soon(() => total(leaving)).toBe(heard)
      const coming = streamRecorder()
      connect(stream, coming)
      await opened(coming)
      await emit({ type: 'updated', id: 1 })
      await soon(() => coming.events).toEqual([{ type: 'updated', id: 1 }])
      expect(total(leaving)).toBe(heard)
    })

    test('a connection right after one that was ended at once works', async () => {
      const { stream, emit } = await setUp(create)
      const first = streamRecorder()
      connect(stream, first)()
      const second = streamRecorder()
      connect(stream, second)
      await opened(second)
      await emit({ type: 'updated', id: 1 })
      await soon(() => second.events).toEqual([{ type: 'updated', id: 1 }])
      expect(first.events).toEqual([])
    })

    test('promise 11: what was emitted while nobody was connected is a gap', async () => {
      const { stream, emit } = await setUp(create)
      const before = streamRecorder()
      const disconnect = connect(stream, before)
      await opened(before)
      disconnect()
      await emit({ type: 'updated', id: 1 })
      const after = streamRecorder()
      connect(stream, after)
      await opened(after)
      await soon(() => after.gaps).toHaveLength(1)
      await emit({ type: 'updated', id: 2 })
      await soon(() => after.events).toEqual([{ type: 'updated', id: 2 }])
      expect(before.events).toEqual([])
    })

    test('promise 11: a connection that comes while others stay is told of what it missed', async () => {
      const { stream, emit } = await setUp(create)
      const staying = streamRecorder()
      connect(stream, staying)
      await opened(staying)
      await emit({ type: 'updated', id: 1 })
      await soon(() => staying.events).toHaveLength(1)
      const gaps = staying.gaps.length
      const coming = streamRecorder()
      connect(stream, coming)
      await soon(() => coming.gaps).toHaveLength(1)
      await emit({ type: 'updated', id: 2 })
      await soon(() => coming.events).toEqual([{ type: 'updated', id: 2 }])
      await soon(() => staying.events).toHaveLength(2)
      expect(staying.gaps).toHaveLength(gaps)
    })

    test('promise 13: a connection that ends takes nothing from the others', async () => {
      const { stream, emit } = await setUp(create)
      const leaving = streamRecorder()
      const disconnect = connect(stream, leaving)
      await opened(leaving)
      const staying = streamRecorder()
      connect(stream, staying)
      await opened(staying)
      const gaps = staying.gaps.length
      disconnect()
      await emit({ type: 'updated', id: 1 })
      await soon(() => staying.events.length + staying.gaps.length).toBeGreaterThan(gaps)
      await emit({ type: 'updated', id: 2 })
      await soon(() => staying.events).toContainEqual({ type: 'updated', id: 2 })
    })

    test('promise 11: a cut is a gap, and the stream goes on by itself', async (context) => {
      const { stream, emit, cut, resumes = false } = await setUp(create)
      if (cut === undefined) return context.skip('this stream cannot be cut')
      if (resumes) return context.skip('this stream misses nothing by a cut')
      const recorder = streamRecorder()
      connect(stream, recorder)
      await opened(recorder)
      const gaps = recorder.gaps.length
      await cut()
      await emit({ type: 'updated', id: 1 })
      await soon(() => recorder.gaps.length).toBeGreaterThan(gaps)
      await opened(recorder)
      await emit({ type: 'updated', id: 2 })
      await soon(() => recorder.events).toContainEqual({ type: 'updated', id: 2 })
    })

    test('promise 11: a cut loses nothing where the stream goes on from its position, and is no gap', async (context) => {
      const { stream, emit, cut, resumes = false } = await setUp(create)
      if (cut === undefined || !resumes) return context.skip('this stream cannot be cut, or does not resume')
      const recorder = streamRecorder()
      connect(stream, recorder)
      await opened(recorder)
      await emit({ type: 'updated', id: 1 })
      await soon(() => recorder.positions.length).toBeGreaterThan(0)
      const gaps = recorder.gaps.length
      await cut()
      for (const id of [2, 3]) await emit({ type: 'updated', id })
      await soon(() => recorder.events).toEqual([1, 2, 3].map((id) => ({ type: 'updated', id })))
      expect(recorder.gaps).toHaveLength(gaps)
    })

    test('promise 11: a connection with a former position hears exactly what came after it, and of no gap', async (context) => {
      const { stream, emit, resumes = false } = await setUp(create)
      if (!resumes) return context.skip('this stream does not resume')
      const before = streamRecorder()
      let position: string | undefined
      const disconnect = connect(stream, {
        ...before,
        onPosition(told) {
          // Another one may be told when it opens.
          if (before.events.length > 0) position = told
        },
      })
      await opened(before)
      await emit({ type: 'updated', id: 1 })
      await soon(() => position).toBeDefined()
      disconnect()
      const missed: LiveEvent[] = [{ type: 'changed' }, { type: 'updated', id: 2, row: { id: 2 } }, { type: 'deleted', id: 'ä 🥐' }]
      for (const event of missed) await emit(event)
      const after = streamRecorder()
      connect(stream, after, position)
      await opened(after)
      await soon(() => after.events).toEqual(missed)
      await emit({ type: 'updated', id: 3 })
      await soon(() => after.events).toEqual([...missed, { type: 'updated', id: 3 }])
      expect(after.gaps).toEqual([])
      expect(after.positions.at(-1)).not.toBe(position)
    })

    test('promise 11: where there is nothing after its position, a connection hears nothing and of no gap', async (context) => {
      const { stream, emit, resumes = false } = await setUp(create)
      if (!resumes) return context.skip('this stream does not resume')
      const before = streamRecorder()
      const disconnect = connect(stream, before)
      await soon(() => before.positions.length).toBeGreaterThan(0)
      disconnect()
      const after = streamRecorder()
      connect(stream, after, before.positions.at(-1))
      await opened(after)
      await emit({ type: 'updated', id: 1 })
      await soon(() => after.events).toEqual([{ type: 'updated', id: 1 }])
      expect(after.gaps).toEqual([])
    })
  })
}

async function setUp(create: () => StreamUnderTest | Promise<StreamUnderTest>): Promise<StreamUnderTest> {
  const made = await create()
  onTestFinished(async () => {
    await made.dispose?.()
  })
  return made
}

function connect(stream: LiveStream, listener: StreamListener, position?: string): () => void {
  const disconnect = stream.connect(listener, position)
  onTestFinished(disconnect)
  return disconnect
}

function opened(recorder: StreamRecorder): Promise<void> {
  return soon(() => recorder.statuses.at(-1)?.state).toBe('open')
}

function total({ events, gaps, statuses, errors, positions }: StreamRecorder): number {
  return events.length + gaps.length + statuses.length + errors.length + positions.length
}

function soon<Value>(actual: () => Value): ReturnType<typeof expect.poll<Value>> {
  return expect.poll(actual, { interval: 5, timeout: patience })
}
