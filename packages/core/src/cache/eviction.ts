/** How much a cache may hold. */
export interface Bounds {
  readonly maxEntries: number
  /** In bytes, as they are estimated. */
  readonly maxBytes: number
  /** In ms since the master was asked. */
  readonly maxAge: number
}

/** What is known of an entry without reading it. Times are in ms since 1970. */
export interface EntryMeta {
  /** In bytes, estimated. */
  readonly size: number
  readonly fetchedAt: number
  readonly usedAt: number
  /** When somebody last said that it is in use. */
  readonly pinnedAt?: number
}

/** For how long, in ms, a pin holds that nobody has renewed: that of a tab which crashed, or sleeps. */
export const pinHolds: number = 15 * 60_000

/** Less than the bound, so that the next entry does not evict again. */
const roomy = 0.9

/**
 * Which entries have to go: what is too old, and where there are too many or too large ones, those that were not used for the
 * longest time. What is pinned stays.
 *
 * @returns their keys
 */
export function evicted<Key>(entries: readonly (readonly [Key, EntryMeta])[], bounds: Bounds, now: number): Key[] {
  const isPinned = ({ pinnedAt }: EntryMeta): boolean => pinnedAt !== undefined && pinnedAt > now - pinHolds
  const isTooOld = (meta: EntryMeta): boolean => meta.fetchedAt < now - bounds.maxAge && !isPinned(meta)
  const gone = entries.filter(([, meta]) => isTooOld(meta)).map(([key]) => key)
  const left = entries.filter(([, meta]) => !isTooOld(meta))
  let count = left.length
  let bytes = left.reduce((sum, [, { size }]) => sum + size, 0)
  if (count <= bounds.maxEntries && bytes <= bounds.maxBytes) return gone
  for (const [key, meta] of left.filter(([, each]) => !isPinned(each)).sort(([, a], [, b]) => a.usedAt - b.usedAt)) {
    if (count <= Math.ceil(bounds.maxEntries * roomy) && bytes <= bounds.maxBytes * roomy) break
    count -= 1
    bytes -= meta.size
    gone.push(key)
  }
  return gone
}

/** About how many bytes a value takes that can be cloned. */
export function sizeOf(value: unknown, seen: Set<unknown> = new Set()): number {
  if (typeof value === 'string') return value.length + 4
  if (typeof value !== 'object' || value === null || seen.has(value)) return 8
  seen.add(value)
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength + 8
  if (value instanceof Blob) return value.size + 8
  if (value instanceof Map || value instanceof Set) return sizeOf([...value], seen)
  let size = 8
  for (const [name, part] of Object.entries(value)) size += (Array.isArray(value) ? 0 : name.length) + sizeOf(part, seen)
  return size
}
