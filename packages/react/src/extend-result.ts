/**
 * A query result with properties added or replaced.
 *
 * TanStack Query notes which properties of a result are read, and renders again only when one of these changes. A spread
 * would read them all, so each is passed on by a getter of its own. That `Extended` is `Result` with `extras` is the
 * caller's word.
 */
export function extendResult<Extended extends object>(result: object, extras: object): Extended {
  const passedOn = Object.keys(result).map((key) => [key, { enumerable: true, get: (): unknown => Reflect.get(result, key) }])
  const extended: Extended = Object.create(null, { ...Object.fromEntries(passedOn), ...Object.getOwnPropertyDescriptors(extras) })
  return extended
}
