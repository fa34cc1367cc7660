/** A page in which a function can be run. */
interface Evaluating {
  evaluate(script: () => Promise<string>): Promise<string>
}

/** All that a page can read of what the browser keeps for the site, as one text: every key and value of every database and storage. */
export function browserData(page: Evaluating): Promise<string> {
  return page.evaluate(async () => {
    const answer = <Result>(request: IDBRequest<Result>): Promise<Result> =>
      new Promise((resolve, reject) => {
        request.addEventListener('success', () => resolve(request.result))
        request.addEventListener('error', () => reject(new Error('the database does not answer', { cause: request.error })))
      })
    const contents: unknown[] = [Object.entries(localStorage), Object.entries(sessionStorage), location.href]
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await answer(indexedDB.open(name))
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store)
        contents.push(await Promise.all([answer(objects.getAllKeys()), answer(objects.getAll())]))
      }
      database.close()
    }
    return JSON.stringify(contents, (_, value: unknown) => (value instanceof Map || value instanceof Set ? [...value] : value))
  })
}
