/** What a server asks for with `Retry-After`, as seconds or as a date, in ms; 0 where it did not say. */
export function retryAfter(headers: Headers): number {
  const text = headers.get('retry-after')
  if (text === null) return 0
  const wait = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now()
  return Number.isNaN(wait) ? 0 : Math.max(0, wait)
}
