/**
 * A query result with properties added or replaced.
 *
 * TanStack Query notes which properties of a result are read, and renders again only when one of these changes. A spread
 * would read them all, so each is passed on by a getter of its own.
 */
export function extendResult(result: object, extras: object): object {
  const extended = {}
  for (const key of Object.keys(result)) {
    if (!Object.hasOwn(extras, key))
      Object.defineProperty(extended, key, { enumerable: true, get: (): unknown => Reflect.get(result, key) })
  }
  return Object.defineProperties(extended, Object.getOwnPropertyDescriptors(extras))
}
