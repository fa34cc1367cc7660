/** What a message shows of a value at most, in characters. */
const longest = 80

/**
 * A value as it would be written in code, or what kind of thing it is, short enough for a message. It looks at little more of it
 * than it shows, and never throws, whatever the value does when it is looked at.
 */
export function describe(value: unknown): string {
  try {
    return clip(written(value))
  } catch {
    return 'an object that is no JSON'
  }
}

/** A text with its end cut off where it is too long. */
export function clip(text: string, most: number = longest): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

function written(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, longest))
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `an array of ${value.length}`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (typeof prototype !== 'object' || prototype === null || prototype === Object.prototype) return json(value)
  // A row may have a field of that name.
  const made: unknown = Reflect.get(prototype, 'constructor')
  return typeof made === 'function' && made.name !== '' ? `a ${made.name}` : 'an object'
}

function json(value: object): string {
  // Each part that is written takes more than a character.
  let left = longest
  return JSON.stringify(value, (_, part: unknown) => {
    left -= 1
    if (left < 0) return undefined
    return typeof part === 'string' || Array.isArray(part) ? part.slice(0, longest) : part
  })
}
