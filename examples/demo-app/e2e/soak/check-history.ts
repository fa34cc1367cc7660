import type { Page } from '@playwright/test'
import type { Change, History } from './history.ts'
import { tabText, type Ledger, type ShownDocument, type Sighting, type TabWrite } from './ledger.ts'

/** In a new row stands for what the server fills in. */
const comesLater = '…'
/** How long it takes at most that what has come shows, in ms; on a busy machine it takes a while. */
const shownWithin = 5_000
/** A write that is as old as this when its tab ends is on disk, in ms; on a busy machine, too. */
const keptWithin = 10_000

/** What of the promises about writes does not hold, after all is settled and nothing waits any more. */
export function brokenWrites(ledger: Ledger, history: History): string[] {
  return [...lostWrites(ledger, history), ...unstoredAnswers(ledger, history), ...repeatedWrites(ledger, history)]
}

/** Every write that was made is stored, or was refused and shown as such. */
function lostWrites(ledger: Ledger, history: History): string[] {
  return ledger.writes.flatMap((write) => {
    const isStored =
      write.type === 'delete'
        ? storedIds(ledger, history, write.id).every((stored) =>
            history.changes.some(({ type, id }) => type === 'deleted' && id === stored),
          )
        : history.changesTo(write.text).length > 0
    if (isStored || isRefused(ledger, history, write) || !write.isSure || endedSoon(ledger, write)) return []
    return [
      `lost: ${describe(write)}; sent as ${JSON.stringify(requestsOf(ledger, history, write).map(({ key, status }) => ({ key, status })))}`,
    ]
  })
}

/**
 * The server's id of a row; of one that it had given none when it was deleted, as what the row has shown tells. None where that was
 * never stored: whether it should have been is asked of its insert.
 */
function storedIds(ledger: Ledger, history: History, id: string): readonly string[] {
  if (!isPending(id)) return [id]
  const sightings = [...ledger.shown.values()].flatMap((document) => document.sightings)
  const texts = [...sightings, ...ledger.writes].filter((each) => each.id === id && tabText.test(each.text)).map(({ text }) => text)
  // With nothing to find it by, its deletion counts as lost.
  if (texts.length === 0) return [id]
  return [...new Set(texts.flatMap((text) => history.changesTo(text)).map((change) => change.id))]
}

/** Whatever a tab had an answer to is stored under the key of the request. */
function unstoredAnswers(ledger: Ledger, history: History): string[] {
  const stored = new Set(history.changes.map(({ key }) => key))
  return ledger.sent.flatMap(({ method, path, key, texts, status = 0 }) =>
    status >= 200 && status < 300 && !stored.has(key)
      ? [`answered ${status}, but not stored: ${method} ${path} ${texts.join()} under ${key}`]
      : [],
  )
}

/** No key and no text of a tab is in more than one change, and no row goes twice. */
function repeatedWrites(ledger: Ledger, history: History): string[] {
  const textsByKey = Map.groupBy(
    ledger.sent.flatMap(({ key, texts }) => texts.map((text) => ({ key, text }))),
    ({ key }) => key,
  )
  const named = history.changes.flatMap((change) => {
    const sent = change.key === undefined ? [] : (textsByKey.get(change.key) ?? []).map(({ text }) => text)
    const own = Object.values(change.row ?? {}).filter((value) => tabText.test(String(value)))
    const came = own.map(String).filter((text) => history.changesTo(text).includes(change))
    const texts = new Set([...sent, ...came])
    return [
      ...(change.key === undefined ? [] : [{ name: `the key ${change.key}`, change }]),
      ...[...texts].map((text) => ({ name: `the text ${text}`, change })),
      ...(change.type === 'deleted' ? [{ name: `the end of ${change.id}`, change }] : []),
    ]
  })
  return [...Map.groupBy(named, ({ name }) => name)].flatMap(([name, found]) =>
    found.length > 1 ? [`stored ${found.length} times: ${name}: ${JSON.stringify(found.map(({ change }) => brief(change)))}`] : [],
  )
}

/** What was shown that nobody wrote, and rows that a document showed as they were before what it had shown already. */
export function brokenSights(ledger: Ledger, history: History): string[] {
  const written = new Set(ledger.writes.map(({ text }) => text))
  for (const { texts } of ledger.sent) for (const text of texts) written.add(text)
  const refused = new Set(ledger.sent.filter(({ status = 0 }) => status >= 400).flatMap(({ texts }) => texts))

  return [...ledger.shown].flatMap(([name, document]) => {
    const { sightings } = document
    // Another page, or another view, may be an older one from the cache, marked stale.
    const cells = Map.groupBy(sightings, ({ address, id, field }) => `${field} of ${id} at ${address}`)
    return [...cells].flatMap(([cellName, sights]) => {
      let last = { position: -1, text: '' }
      return sights.flatMap((sight) => {
        const { at, id, field, text } = sight
        const position = history.positionOf(id, field, text)
        if (position === undefined)
          return written.has(text) || text === comesLater || isPending(id)
            ? []
            : [`${name} shows in ${cellName} what nobody wrote: ${text}`]
        if (position < last.position && isLeftBehind(ledger, document, sight)) return []
        const former = last
        last = { position, text }
        if (position >= former.position || refused.has(former.text)) return []
        const sequence = sights.map(
          (each) => `${each.text} (${history.positionOf(id, field, each.text) ?? 'never stored'}, ${time(each.at)})`,
        )
        return [`${name} goes back in ${cellName} at ${time(at)} from ${former.text} to ${text}; it has shown ${sequence.join(', ')}`]
      })
    })
  })
}

/**
 * What a document before it has left behind without an answer shows until it is answered, also over what was written since: whether
 * it was applied, nobody knows in the browser.
 */
function isLeftBehind(ledger: Ledger, { page, openedAt }: ShownDocument, { at, text }: Sighting): boolean {
  const write = ledger.writes.find((each) => each.text === text)
  const isOf = (made: { readonly page: Page; readonly at: number }): boolean => made.page === page && made.at >= openedAt
  if (write === undefined || isOf(write)) return false
  return !ledger.sent.some((sent) => isOf(sent) && sent.texts.includes(text) && (sent.answeredAt ?? Infinity) < at - shownWithin)
}

/** A new row has a name of its own until the server has given it an id. */
function isPending(id: string): boolean {
  return !/^(B-|[eo]\d)/.test(id)
}

function isRefused(ledger: Ledger, history: History, write: TabWrite): boolean {
  return requestsOf(ledger, history, write).some(({ status = 0 }) => status >= 400 && status < 500)
}

function requestsOf(ledger: Ledger, history: History, { type, id, text }: TabWrite): Ledger['sent'] {
  const paths = new Set(storedIds(ledger, history, id).map((stored) => `/api/orders/${stored}`))
  return ledger.sent.filter(({ method, path, texts }) =>
    type === 'delete' ? method === 'DELETE' && paths.has(path) : texts.includes(text),
  )
}

/** Whether its tab has ended before it was on disk, as it may where it ends right after the write. */
function endedSoon(ledger: Ledger, { tab, page, at, type, id, text }: TabWrite): boolean {
  const keptAt = ledger.kept.get(page)?.get(type === 'delete' ? id : text) ?? Infinity
  return ledger.ends.some((end) => end.tab === tab && end.at >= at && end.at < Math.min(keptAt, at + keptWithin))
}

function describe({ tab, at, type, id, text }: TabWrite): string {
  return `${type} ${text} of ${id} in tab ${tab} at ${time(at)}`
}

function brief({ position, type, id, key }: Change): object {
  return { position, type, id, key }
}

function time(at: number): string {
  return new Date(at).toISOString().slice(11, 23)
}
