import { useEffect, useState } from 'react'
import { getMany, set, setMany } from 'idb-keyval'
import { oneAtATime } from '../shared/one-at-a-time.ts'

/** What lies on disk. It is fresh if it was fetched after the last invalidation. */
interface Kept<Value> {
  readonly value: Value
  readonly fetchedAt: number
}

/** Things that are shown by plain React state, kept in memory and on disk, and asked for where they are missing there. */
export interface Keeper<Value> {
  readonly use: (id: number) => Value | undefined
  readonly held: (id: number) => Value | undefined
  /** From disk where it is fresh there, else from the server. */
  readonly read: (id: number) => Promise<void>
  /** From the server. While that is under way, all calls share one further request. */
  readonly renew: (id: number) => Promise<void>
  readonly show: (id: number, value: Value) => void
  readonly keep: (id: number, value: Value, fetchedAt: number) => Promise<void>
  readonly fill: (values: readonly (readonly [id: number, value: Value])[]) => Promise<void>
}

/** One write makes everything that is on disk stale. */
export function invalidateDisk(): Promise<void> {
  return set('invalidatedAt', Date.now())
}

/** The keeper of one kind of thing. */
export function keeper<Value>(kind: string, ask: (id: number) => Promise<Value>): Keeper<Value> {
  const memory = new Map<number, Value>()
  const setters = new Map<number, (value: Value) => void>()
  const reading = new Set<number>()
  const renewals = new Map<number, () => Promise<void>>()

  function use(id: number): Value | undefined {
    const [former, setFormer] = useState<Value>()
    useEffect(() => {
      setters.set(id, setFormer)
      if (memory.has(id)) setFormer(memory.get(id))
      else void read(id)
      return () => {
        setters.delete(id)
      }
    }, [id])
    return memory.get(id) ?? former
  }

  async function read(id: number): Promise<void> {
    if (reading.has(id)) return
    reading.add(id)
    const [kept, invalidatedAt = 0] = await getMany<Kept<Value> & number>([`${kind}-${id}`, 'invalidatedAt'])
    reading.delete(id)
    if (kept !== undefined) show(id, kept.value)
    if (kept === undefined || kept.fetchedAt <= invalidatedAt) await renew(id)
  }

  function renew(id: number): Promise<void> {
    const renewal = renewals.get(id) ?? oneAtATime(() => renewNow(id))
    renewals.set(id, renewal)
    return renewal()
  }

  async function renewNow(id: number): Promise<void> {
    const fetchedAt = Date.now()
    const value = await ask(id)
    show(id, value)
    void keep(id, value, fetchedAt)
  }

  function show(id: number, value: Value): void {
    memory.set(id, value)
    setters.get(id)?.(value)
  }

  function keep(id: number, value: Value, fetchedAt: number): Promise<void> {
    return set(`${kind}-${id}`, { value, fetchedAt } satisfies Kept<Value>)
  }

  return {
    use,
    held: (id) => memory.get(id),
    read,
    renew,
    show,
    keep,
    fill: (values) => {
      const fetchedAt = Date.now()
      return setMany(values.map(([id, value]) => [`${kind}-${id}`, { value, fetchedAt } satisfies Kept<Value>]))
    },
  }
}
