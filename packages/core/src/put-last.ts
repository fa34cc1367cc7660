/** Puts something last into a map that holds so many at most: what was put in longest ago makes room, and its key is given. */
export function putLast<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, most: number): Key | undefined {
  map.delete(key)
  map.set(key, value)
  if (map.size <= most) return undefined
  const [first] = map.keys()
  if (first !== undefined) map.delete(first)
  return first
}
