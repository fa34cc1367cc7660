/**
 * A query result with properties added or replaced.
 *
 * TanStack Query notes which properties of a result are read, and renders again only when one of these changes. A copy would
 * read them all, so nothing is read before it is asked for.
 */
export function extendResult(result: object, extras: object): object {
  const ownerOf = (key: PropertyKey): object => (Object.hasOwn(extras, key) ? extras : result)
  return new Proxy(result, {
    get: (_result, key): unknown => Reflect.get(ownerOf(key), key),
    has: (_result, key) => Reflect.has(ownerOf(key), key),
    ownKeys: () => [...new Set([...Reflect.ownKeys(result), ...Reflect.ownKeys(extras)])],
    getOwnPropertyDescriptor: (_result, key) => Reflect.getOwnPropertyDescriptor(ownerOf(key), key),
  })
}
