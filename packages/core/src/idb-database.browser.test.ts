import { promisifyRequest } from 'idb-keyval'
import { describe, expect, test, vi } from 'vitest'
import { server } from 'vitest/browser'
import { answered, idbDatabase, type Transact } from './idb-database.ts'

describe('promise 7: a transaction is applied completely, or rejects with its cause', () => {
  const values = ['a', 'b', 'c', 'd']

  test('promise 7: all of its requests succeed', async () => {
    const transact = openDatabase()
    await transact('readwrite', ['values'], (transaction) => putAll(transaction, values))
    expect(await valuesIn(transact)).toEqual(values)
  })

  // Firefox applies the rest of a transaction that was told to commit before one of its requests failed.
  test.each([0, 1, 2, 3])('promise 7: request %i of four fails: nothing is applied', async (bad) => {
    const transact = openDatabase()
    const work = transact('readwrite', ['values'], (transaction) => putAll(transaction, values, bad))
    await expect(work).rejects.toMatchObject({ name: 'ConstraintError' })
    expect(await valuesIn(transact)).toEqual([])
  })

  test('promise 7: a request fails while the work still waits for another: nothing is applied', async () => {
    const transact = openDatabase()
    const work = transact('readwrite', ['values'], async (transaction) => {
      const store = transaction.objectStore('values')
      store.put('a', 1)
      store.add('b', 1)
      await promisifyRequest(store.get(1))
      await answered(store.put('c', 2))
    })
    await expect(work).rejects.toMatchObject({ name: 'ConstraintError' })
    expect(await valuesIn(transact)).toEqual([])
  })

  test('promise 7: the work throws after some of its requests: nothing is applied', async () => {
    const transact = openDatabase()
    const work = transact('readwrite', ['values'], (transaction) => {
      transaction.objectStore('values').put('a', 1)
      // A function cannot be stored.
      transaction.objectStore('values').put(() => undefined, 2)
    })
    await expect(work).rejects.toMatchObject({ name: 'DataCloneError' })
    expect(await valuesIn(transact)).toEqual([])
  })

  test('promise 7: the work rejects after its requests have succeeded: nothing is applied', async () => {
    const transact = openDatabase()
    const work = transact('readwrite', ['values'], async (transaction) => {
      await putAll(transaction, values)
      throw new RangeError('no')
    })
    await expect(work).rejects.toThrow(RangeError)
    expect(await valuesIn(transact)).toEqual([])
  })

  test('promise 7: work that does not wait for its requests rejects too if one fails', async () => {
    const transact = openDatabase()
    const work = transact('readwrite', ['values'], (transaction) => {
      void putAll(transaction, values, 1).catch(() => undefined)
    })
    await expect(work).rejects.toMatchObject({ name: 'ConstraintError' })
  })

  test('promise 7: the transaction is aborted from outside', async () => {
    const transact = openDatabase()
    const work = transact('readwrite', ['values'], (transaction) => {
      transaction.objectStore('values').put('a', 1)
      transaction.abort()
    })
    await expect(work).rejects.toMatchObject({ name: 'AbortError' })
    expect(await valuesIn(transact)).toEqual([])
  })

  test('promise 7: the next transaction is not affected', async () => {
    const transact = openDatabase()
    await expect(transact('readwrite', ['values'], (transaction) => putAll(transaction, values, 0))).rejects.toMatchObject({
      name: 'ConstraintError',
    })
    await transact('readwrite', ['values'], (transaction) => putAll(transaction, values))
    expect(await valuesIn(transact)).toEqual(values)
  })
})

describe('promise 7: the disk is full, in the words of each browser', () => {
  test('promise 7: QuotaExceededError stays as it is', async () => {
    const transact = failing(new DOMException('no room', 'QuotaExceededError'))
    await expect(write(transact)).rejects.toMatchObject({ name: 'QuotaExceededError' })
  })

  test.each(['UnknownError', 'DataError'])('promise 7: %s of a write is a full disk', async (name) => {
    const transact = failing(new DOMException('IOError', name))
    await expect(write(transact)).rejects.toMatchObject({ name: 'StorageError', reason: 'full', cause: { name } })
  })

  test.each(['ConstraintError', 'AbortError'])('promise 7: %s is none', async (name) => {
    await expect(write(failing(new DOMException('other', name)))).rejects.toMatchObject({ name })
  })

  /** A database whose transactions end with this error. */
  function failing(error: DOMException): Transact {
    const transact = openDatabase()
    return async (mode, stores, work) => {
      await transact('readonly', stores, () => undefined)
      vi.spyOn(IDBTransaction.prototype, 'error', 'get').mockReturnValue(error)
      vi.spyOn(IDBTransaction.prototype, 'commit').mockImplementation(function (this: IDBTransaction) {
        this.abort()
      })
      return transact(mode, stores, work).finally(() => vi.restoreAllMocks())
    }
  }

  function write(transact: Transact): Promise<void> {
    return transact('readwrite', ['values'], (transaction) => answered(transaction.objectStore('values').put('a', 1)))
  }
})

// WebKit aborts the transactions of a frame that is removed. It applies those of a page that is left, as all browsers do.
// Chromium, too, aborts them if they still wait for another one to end.
test.skipIf(server.browser === 'webkit')('one request is kept even if its page is gone right after the call', async () => {
  const name = crypto.randomUUID()
  const transact = openDatabase(name)
  expect(await valuesIn(transact)).toEqual([])
  const frame = document.createElement('iframe')
  frame.srcdoc = `<script type="module">
    import { idbDatabase } from '${new URL('./idb-database.ts', import.meta.url).href}'
    const transact = idbDatabase({ name: '${name}', version: 1, stores: ['values'] })
    await transact('readonly', ['values'], (transaction) => new Promise((resolve) => transaction.addEventListener('complete', resolve)))
    const work = (transaction) => {
      transaction.objectStore('values').put('kept', 1)
      setTimeout(() => parent.dispatchEvent(new Event('put')))
    }
    transact('readwrite', ['values'], work)
  </script>`
  const put = new Promise((resolve) => addEventListener('put', resolve, { once: true }))
  document.body.append(frame)
  await put
  frame.remove()
  await expect.poll(() => valuesIn(transact), { timeout: 10_000 }).toEqual(['kept'])
})

function openDatabase(name: string = crypto.randomUUID()): Transact {
  return idbDatabase({ name, version: 1, stores: ['values'] })
}

/** Puts these under keys from 0. The bad one fails, because its key is taken. */
function putAll(transaction: IDBTransaction, values: readonly string[], bad?: number): Promise<void> {
  const store = transaction.objectStore('values')
  if (bad !== undefined) store.put('taken', bad)
  const requests = values.map((value, key) => (key === bad ? store.add(value, key) : store.put(value, key)))
  return answered(requests.at(-1))
}

function valuesIn(transact: Transact): Promise<unknown[]> {
  return transact('readonly', ['values'], (transaction) => promisifyRequest<unknown[]>(transaction.objectStore('values').getAll()))
}
