/** A line without which a promise is not kept, and the tests that notice. */
export interface PromiseBreak {
  readonly promise: number
  readonly file: string
  /** It is in the file once. */
  readonly line: string
  readonly instead: string
  readonly project: 'node' | 'chromium' | 'firefox'
  readonly test: string
}

const core = 'packages/core/src'
const react = 'packages/react/src'

/** One for each promise. DESIGN.md has the same lines; `npx -y pnpm@12 breaks` tries them all. */
export const promiseBreaks: readonly PromiseBreak[] = [
  {
    promise: 1,
    file: `${core}/live-master.ts`,
    line: "invalidate: (rows, update) => this.invalidate(rows, 'write', update),",
    instead: 'invalidate: async () => undefined,',
    project: 'node',
    test: `${core}/live-table.promises.test.ts`,
  },
  {
    promise: 2,
    file: `${core}/cache/cache.ts`,
    line: 'a.every((stamp, index) => stamp === b[index])',
    instead: 'a.length > 0',
    project: 'node',
    test: `${core}/live-table.promises.test.ts`,
  },
  {
    promise: 3,
    file: `${core}/writes/writes.ts`,
    line: 'if (write.isUnsure) void this.#options.invalidate(',
    instead: 'void this.#options.invalidate(',
    project: 'node',
    test: `${core}/live-table.promises.test.ts`,
  },
  {
    promise: 4,
    file: `${core}/writes/write-queue.ts`,
    line: 'const item = this.#callers.shift()',
    instead: 'const item = this.#callers.pop()',
    project: 'node',
    test: `${core}/writes/write-queue.test.ts`,
  },
  {
    promise: 5,
    file: `${core}/writes/write-queue.ts`,
    line: 'while (this.#waiting.length < this.#capacity) {',
    instead: 'while (this.#capacity > 0) {',
    project: 'node',
    test: `${core}/live-table.promises.test.ts`,
  },
  {
    promise: 6,
    file: `${core}/writes/writes.ts`,
    line: 'for (const write of this.#queue.clear()) this.#fail(write, error)',
    instead: 'this.#queue.clear()',
    project: 'node',
    test: `${core}/live-table.promises.test.ts`,
  },
  {
    promise: 7,
    file: `${core}/cache/safe-cache.ts`,
    line: 'fail(new TimeoutError(during, answerWithin))',
    instead: 'void fail',
    project: 'node',
    test: `${core}/cache/safe-cache.test.ts`,
  },
  {
    promise: 7,
    file: `${core}/idb-database.ts`,
    line: "if (last?.readyState === 'pending') await promisifyRequest(last)",
    instead: 'void last',
    project: 'firefox',
    test: `${core}/idb-database.browser.test.ts`,
  },
  {
    promise: 8,
    file: `${core}/read-through.ts`,
    line: 'if (last === undefined || this.#purged.aborted) throw error',
    instead: 'if (last !== null) throw error',
    project: 'node',
    test: `${core}/live-table.promises.test.ts`,
  },
  {
    promise: 9,
    file: `${core}/read-through.ts`,
    line: 'entry !== undefined && this.#isValue(entry.value)',
    instead: 'entry !== undefined',
    project: 'node',
    test: `${core}/live-table.promises.test.ts`,
  },
  {
    promise: 10,
    file: `${core}/slots.ts`,
    line: "name(table, 'page', page, pageSize, ...viewName(view))",
    instead: "name(table, 'page', page, ...viewName(view))",
    project: 'node',
    test: `${core}/slots.test.ts`,
  },
  {
    promise: 11,
    file: `${core}/live-master.ts`,
    line: 'onGap: (reason) => this.#hearGap(reason),',
    instead: 'onGap: () => undefined,',
    project: 'node',
    test: `${core}/live-table.test.ts`,
  },
  {
    promise: 12,
    file: `${core}/writes/overlay.ts`,
    line: 'const read = this.#withTold(base)',
    instead: 'const read = base',
    project: 'node',
    test: `${core}/live-table.events.test.ts`,
  },
  {
    promise: 13,
    file: `${core}/live-master.ts`,
    line: 'onNews: (news) => this.#hearTab(news),',
    instead: 'onNews: () => undefined,',
    project: 'chromium',
    test: `${core}/live-table.browser.test.ts`,
  },
  {
    promise: 14,
    file: `${core}/scope-group.ts`,
    line: '...members.map((member) => member.erase()),',
    instead: '',
    project: 'node',
    test: `${core}/live-table.purge.test.ts`,
  },
  {
    promise: 14,
    file: `${core}/cache/idb-disk.ts`,
    line: 'if (sameEra(lease, entry.lease) && (holds ||',
    instead: 'if ((holds ||',
    project: 'chromium',
    test: `${core}/cache/indexeddb.browser.test.ts`,
  },
  {
    promise: 15,
    file: `${core}/flights.ts`,
    line: 'return sameMoment(flight.lease, lease) ? flight : undefined',
    instead: 'return undefined',
    project: 'node',
    test: `${core}/flights.test.ts`,
  },
  {
    promise: 16,
    file: `${core}/glue.ts`,
    line: '.slice(skip, skip + pageSize)',
    instead: '.slice(0, pageSize)',
    project: 'node',
    test: `${core}/glue.test.ts`,
  },
  {
    promise: 17,
    file: `${core}/slots.ts`,
    line: "return rows === 'all' ? 'all' : [lists, ...rows.map(rowTag)]",
    instead: "return rows === 'all' ? 'all' : 'all'",
    project: 'node',
    test: `${core}/slots.test.ts`,
  },
  {
    promise: 18,
    file: `${react}/laid-data.ts`,
    line: 'const shown = replaceEqualDeep(data, held.get(query)?.shown)',
    instead: 'const shown = structuredClone(held.get(query)?.shown)',
    project: 'node',
    test: `${react}/promises.history.test.ts`,
  },
  {
    promise: 19,
    file: `${core}/live-master.ts`,
    line: 'void this.#cache.open()',
    instead: 'queueMicrotask(() => this.open())',
    project: 'node',
    test: `${core}/live-table.promises.test.ts`,
  },
  {
    promise: 20,
    file: `${core}/live-table.ts`,
    line: "return { page: checkCount('page', page), pageSize: checkCount('pageSize', pageSize) }",
    instead: 'return { page, pageSize }',
    project: 'node',
    test: `${core}/live-table.promises.test.ts`,
  },
]
