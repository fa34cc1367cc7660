// `using` takes a table where the compiler has `esnext.disposable`.
import { LiveTable, memoryTable } from '@vantage-live/core'

export async function countOnce(): Promise<number> {
  using table = new LiveTable<{ readonly id: number }>({ master: memoryTable([{ id: 1 }]), cacheKey: 'rows' })
  const disposable: Disposable = table
  disposable[Symbol.dispose]()
  return await table.count()
}
