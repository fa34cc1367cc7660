import type { InvalidationCause, PauseReason, TraceDetail, TraceEvent, WriteType } from '@vantage-live/core'
import { errorWords } from '../error-words.ts'
import { storageWords } from './storage-words.ts'

/** What a table did, for a person. */
export interface TraceWords {
  readonly kind: 'read' | 'write' | 'live' | 'trouble'
  readonly text: string
}

export function traceWords(event: TraceEvent): TraceWords {
  const { kind, text } = words(event)
  return { kind, text: text.charAt(0).toUpperCase() + text.slice(1) }
}

function words(event: TraceEvent): TraceWords {
  const { cacheKey } = event
  switch (event.type) {
    case 'hit':
      return { kind: 'read', text: `${slotWords(event.slot)} was in ${cacheWords(event.cache)}, and fresh: the server is not asked` }
    case 'stale':
      return { kind: 'read', text: `${slotWords(event.slot)} was in ${cacheWords(event.cache)}, but may be out of date` }
    case 'miss':
      return { kind: 'read', text: `${slotWords(event.slot)} was not in ${cacheWords(event.cache)}: the server is asked` }
    case 'answer':
      return { kind: 'read', text: `the server sent ${slotWords(event.slot)}` }
    case 'fill':
      return { kind: 'read', text: `${slotWords(event.slot)} is stored now` }
    case 'void':
      return { kind: 'read', text: `${slotWords(event.slot)} is stored as out of date, for something changed meanwhile` }
    case 'read-failed':
      return { kind: 'trouble', text: `${slotWords(event.slot)} could not be read. ${errorWords(event.error).message}` }
    case 'invalidate':
      return { kind: 'live', text: `${affectedWords(cacheKey, event.rows)} may be out of date now: ${causeWords[event.cause]}` }
    case 'write-queued':
      return { kind: 'write', text: `${writeWords(event.write, event.id)} is queued; ${event.waiting} waiting` }
    case 'write-applied':
      return { kind: 'write', text: `${writeWords(event.write, event.id)} is stored` }
    case 'write-retry': {
      const seconds = (event.delay / 1_000).toFixed(1)
      return {
        kind: 'trouble',
        text: `${writeWords(event.write, event.id)} did not get through and is sent again in ${seconds} s. ${errorWords(event.error).message}`,
      }
    }
    case 'write-failed':
      return { kind: 'trouble', text: `${writeWords(event.write, event.id)} was refused. ${errorWords(event.error).message}` }
    case 'write-pause':
      return event.pause === undefined
        ? { kind: 'write', text: 'Writes are sent again' }
        : { kind: 'trouble', text: `Writes wait: ${pauseWords[event.pause.reason]}` }
    case 'event':
      return {
        kind: 'live',
        text: event.event.type === 'changed' ? 'Anything may have changed' : `Row ${event.event.id} was ${event.event.type}`,
      }
    case 'gap':
      return { kind: 'live', text: `Changes may have been missed: ${event.reason}` }
    case 'status':
      return {
        kind: 'live',
        text: `The live stream is ${event.status.state}${'reason' in event.status ? `: ${event.status.reason}` : ''}`,
      }
    case 'storage': {
      const amiss = storageWords(event.status)
      return amiss === undefined ? { kind: 'read', text: 'The storage works again' } : { kind: 'trouble', text: amiss.text }
    }
    case 'purge':
      return { kind: 'write', text: `Everything kept of ${cacheKey} is removed` }
    case 'error':
      return { kind: 'trouble', text: `Lived on although ${failureWords[event.during]}. ${errorWords(event.error).message}` }
  }
}

type Failing = Extract<TraceDetail, { readonly type: 'error' }>['during']

const failureWords: Readonly<Record<Failing, string>> = {
  'cache-open': 'the cache could not be opened',
  'cache-read': 'the cache could not be read',
  'cache-fill': 'something could not be cached',
  'cache-invalidate': 'it could not be noted in the cache that something is out of date',
  'cache-purge': 'the cache could not be emptied',
  stream: 'the live stream failed',
  tabs: 'other tabs could not be reached',
  row: 'a row that came unasked was passed over',
  'write-storage': 'waiting changes could not be kept',
  'write-conflict': 'the row of a conflict could not be asked for',
}

const causeWords: Readonly<Record<InvalidationCause, string>> = {
  write: 'this app changed something',
  event: 'somebody changed something',
  gap: 'changes may have been missed',
  master: 'the table behind says so',
  call: 'the app says so',
  tab: 'another tab says so',
}

const pauseWords: Readonly<Record<PauseReason, string>> = {
  offline: 'the browser is offline',
  unreachable: 'the server is not reached; one of them tries again and again',
  unauthorized: 'the server does not allow them',
}

function affectedWords(cacheKey: string, rows: 'all' | readonly string[]): string {
  return rows === 'all' ? `Everything cached of ${cacheKey}` : `Row ${rows.join(', ')} and all pages of ${cacheKey}`
}

function writeWords(write: WriteType, id: string | undefined): string {
  const nouns = {
    insert: 'A new row',
    replace: 'A new version',
    patch: 'A change',
    delete: 'The removal',
    deleteAll: 'The removal of all rows',
  }
  return id === undefined || write === 'insert' ? nouns[write] : `${nouns[write]} of ${id}`
}

function cacheWords(kind: string): string {
  return kind === 'indexeddb' ? 'IndexedDB' : `the ${kind} cache`
}

/** A slot's name is JSON, made for eyes: `[["ines","orders",1],"page",3,50,…]`. */
function slotWords(slot: string): string {
  const [owned, kind, which, size, where, orderBy, search] = partsOf(JSON.parse(slot))
  const [, table] = partsOf(owned)
  if (kind === 'id') return `row ${String(which)} of ${String(table)}`
  if (kind !== 'page') return `the number of ${String(table)}`
  const details = [
    `${String(size)} rows`,
    ...firsts(where, 'filtered by'),
    ...firsts(orderBy, 'sorted by'),
    typeof search === 'string' && search !== '' ? `with “${search}”` : '',
  ]
  return `page ${String(which)} of ${String(table)} (${details.filter(Boolean).join(', ')})`
}

function partsOf(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? Array.from<unknown>(list) : []
}

/** The fields that a view's filter or order begins its parts with. */
function firsts(list: unknown, verb: string): string[] {
  const fields = Array.isArray(list) ? list.map((part: unknown) => (Array.isArray(part) ? String(part[0]) : '')) : []
  return fields.length === 0 ? [] : [`${verb} ${[...new Set(fields)].join(' and ')}`]
}
