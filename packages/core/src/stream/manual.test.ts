import { describe, expect, test } from 'vitest'
import { describeStream } from '../contract/stream-contract.ts'
import { streamRecorder } from '../contract/stream-recorder.ts'
import { ArgumentError, EventError } from '../errors.ts'
import { manualStream } from './manual.ts'
import type { LiveEvent } from './stream.ts'

describeStream('manualStream', () => {
  const stream = manualStream()
  return { stream, emit: stream.emit, cut: () => stream.gap() }
})

describe('manualStream', () => {
  test('it is open from its first connect, and a stream that never emitted has no gap', () => {
    const recorder = streamRecorder()
    manualStream().connect(recorder)
    expect(recorder).toMatchObject({ statuses: [{ state: 'open' }], gaps: [], events: [], errors: [] })
  })

  test.each([
    ['an event', (stream: ReturnType<typeof manualStream>) => stream.emit({ type: 'changed' })],
    ['a gap', (stream: ReturnType<typeof manualStream>) => stream.gap()],
  ])('promise 11: %s before the first connect is one gap for each connection', (_, happen) => {
    const stream = manualStream()
    happen(stream)
    happen(stream)
    const first = streamRecorder()
    stream.connect(first)
    const second = streamRecorder()
    stream.connect(second)
    expect(first.gaps).toEqual(['events were emitted before this connection'])
    expect(second.gaps).toHaveLength(1)
    expect(first.events).toEqual([])
  })

  test('promise 11: who joins while others stay connected is told of a gap, and they are not', () => {
    const stream = manualStream()
    const staying = streamRecorder()
    stream.connect(staying)
    stream.emit({ type: 'changed' })
    const coming = streamRecorder()
    stream.connect(coming)
    expect(staying.gaps).toEqual([])
    expect(coming.gaps).toHaveLength(1)
  })

  test('a gap and a status reach every connection, with what the caller said', () => {
    const stream = manualStream()
    const recorders = [streamRecorder(), streamRecorder()]
    for (const recorder of recorders) stream.connect(recorder)
    stream.setStatus({ state: 'polling', reason: 'the day shift' })
    stream.setStatus({ state: 'closed', reason: 'the night shift' })
    stream.gap('the socket was cut')
    for (const { statuses, gaps } of recorders) {
      expect(statuses).toEqual([
        { state: 'open' },
        { state: 'polling', reason: 'the day shift' },
        { state: 'closed', reason: 'the night shift' },
      ])
      expect(gaps).toEqual(['the socket was cut'])
    }
    const late = streamRecorder()
    stream.connect(late)
    expect(late.statuses).toEqual([{ state: 'closed', reason: 'the night shift' }])
  })

  test('the same listener connected twice is two connections', () => {
    const stream = manualStream()
    const recorder = streamRecorder()
    const disconnect = stream.connect(recorder)
    stream.connect(recorder)
    stream.emit({ type: 'changed' })
    disconnect()
    stream.emit({ type: 'updated', id: 1 })
    expect(recorder.events).toEqual([{ type: 'changed' }, { type: 'changed' }, { type: 'updated', id: 1 }])
  })

  test('everybody hears the same order, also when a listener emits in its turn', () => {
    const stream = manualStream()
    const emitting = streamRecorder()
    stream.connect({
      ...emitting,
      onEvent(event) {
        emitting.onEvent(event)
        if (event.type === 'inserted') stream.emit({ type: 'deleted', id: event.id })
      },
    })
    const other = streamRecorder()
    stream.connect(other)
    stream.emit({ type: 'inserted', id: 1 })
    const order: LiveEvent[] = [
      { type: 'inserted', id: 1 },
      { type: 'deleted', id: 1 },
    ]
    expect(emitting.events).toEqual(order)
    expect(other.events).toEqual(order)
  })

  test('promise 20: a malformed event throws to the caller and reaches nobody', () => {
    const stream = manualStream()
    const recorder = streamRecorder()
    stream.connect(recorder)
    // @ts-expect-error: an event without an id
    expect(() => stream.emit({ type: 'updated' })).toThrow(EventError)
    expect(recorder).toMatchObject({ events: [], gaps: [], errors: [] })
    const late = streamRecorder()
    stream.connect(late)
    expect(late.gaps).toEqual([])
  })

  test('promise 20: a reason or a status that is none throws and reaches nobody', () => {
    const stream = manualStream()
    const recorder = streamRecorder()
    stream.connect(recorder)
    // @ts-expect-error: an object for a reason
    expect(() => stream.gap({ button: 0 })).toThrow(new ArgumentError('reason', { button: 0 }, 'a string'))
    // @ts-expect-error: no reason
    expect(() => stream.setStatus({ state: 'closed' })).toThrow(ArgumentError)
    // @ts-expect-error: no reason
    expect(() => stream.setStatus({ state: 'polling' })).toThrow(ArgumentError)
    // @ts-expect-error: no such state
    expect(() => stream.setStatus({ state: 'shut' })).toThrow(/status is {"state":"shut"}; expected { state: 'connecting' }/)
    expect(recorder).toMatchObject({ gaps: [], statuses: [{ state: 'open' }] })
  })
})
