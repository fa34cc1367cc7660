import { makeClock } from '../clock.ts'
import { HttpError } from '../errors.ts'
import type { TraceDetail } from '../trace.ts'
import { Overlay } from '../writes/overlay.ts'
import { Writes, type WritesOptions } from '../writes/writes.ts'
import { fakeMaster, type FakeMaster, type Item } from './fake-master.ts'

/** How the writes of a test are made. */
export interface MakeWritesOptions extends Partial<WritesOptions<Item>> {
  readonly step?: (name: string) => Promise<void>
  readonly honoursIdempotencyKeys?: boolean
  readonly versionField?: string
}

/** Writes to a fake master with the rows 1 to 8, named `old 0` to `old 7`. */
export function makeWrites({
  step = () => Promise.resolve(),
  honoursIdempotencyKeys = true,
  versionField,
  ...options
}: MakeWritesOptions = {}): {
  readonly writes: Writes<Item>
  readonly master: FakeMaster
  readonly overlay: Overlay<Item>
  readonly events: readonly TraceDetail[]
  readonly invalidated: readonly unknown[]
} {
  const master = fakeMaster(
    Array.from({ length: 8 }, (_, index) => ({ id: index + 1, name: `old ${index}` })),
    { step, honoursIdempotencyKeys, versionField },
  )
  const events: TraceDetail[] = []
  const invalidated: unknown[] = []
  const overlay = new Overlay<Item>('id')
  const writes = new Writes<Item>({
    cacheKey: 'items',
    target: master,
    overlay,
    now: makeClock(),
    onEvent: () => undefined,
    invalidate: async (rows) => {
      invalidated.push(rows)
    },
    onChange: () => undefined,
    emit: (event) => events.push(event),
    retriesItself: false,
    storage: undefined,
    coalesce: false,
    concurrency: 1,
    ...options,
  })
  return { writes, master, overlay, events, invalidated }
}

/** What a server says that is busy. */
export function unavailable(status: number = 503): HttpError {
  return new HttpError('PATCH', '/', new Response(null, { status }), undefined)
}
