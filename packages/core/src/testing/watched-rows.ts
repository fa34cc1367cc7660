/** Rows, and how often anybody has looked at one of them. */
export interface WatchedRows {
  readonly rows: readonly { readonly id: number }[]
  readonly looks: () => number
}

/** So many rows; their number alone may be asked for without a look. */
export function watchedRows(count: number): WatchedRows {
  let looks = 0
  const rows = Array.from({ length: count }, (_, id) => ({ id }))
  return {
    rows: new Proxy(rows, {
      get(target, name, receiver) {
        if (name in target && name !== 'length' && !(name in Array.prototype)) looks += 1
        return Reflect.get(target, name, receiver)
      },
    }),
    looks: () => looks,
  }
}
