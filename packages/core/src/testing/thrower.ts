/** Throws whatever is done to it. */
export function thrower(): object {
  return new Proxy({}, { get: raise, has: raise, ownKeys: raise, getOwnPropertyDescriptor: raise, getPrototypeOf: raise })
}

/** An object of which one field throws. */
export function throwing<Fields extends object>(fields: Fields, field: keyof Fields): Fields {
  return Object.defineProperty({ ...fields }, field, { enumerable: true, get: raise })
}

function raise(): never {
  throw new Error('do not look')
}
