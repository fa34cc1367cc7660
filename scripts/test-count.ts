/** How many tests ended how. */
export interface TestCount {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** No test at all. */
export const noTests: TestCount = { passed: 0, failed: 0, skipped: 0 }

/** What counts where something that holds no tests, such as the compiler, failed. */
export const oneFailure: TestCount = { passed: 0, failed: 1, skipped: 0 }

/**
 * What Vitest's JSON report counts. A file that failed without a failed test, as one that cannot be imported does, is one failure.
 *
 * @throws TypeError where it is no such report
 */
export function vitestCount(report: unknown): TestCount {
  const files = listAt(report, 'testResults')
  const failedFiles = files.filter(
    (file) => at(file, 'status') === 'failed' && !listAt(file, 'assertionResults').some((test) => at(test, 'status') === 'failed'),
  )
  return {
    passed: numberAt(report, 'numPassedTests'),
    failed: numberAt(report, 'numFailedTests') + failedFiles.length,
    skipped: numberAt(report, 'numPendingTests') + numberAt(report, 'numTodoTests'),
  }
}

/**
 * What Playwright's JSON report counts. A test that passed when it was tried again passed.
 *
 * @throws TypeError where it is no such report
 */
export function playwrightCount(report: unknown): TestCount {
  const stats = at(report, 'stats')
  return {
    passed: numberAt(stats, 'expected') + numberAt(stats, 'flaky'),
    failed: numberAt(stats, 'unexpected'),
    skipped: numberAt(stats, 'skipped'),
  }
}

/** What a runner did: one that failed without a failed test, or ran no test, is one failure. */
export function runnerCount(succeeded: boolean, count: TestCount): TestCount {
  const failed = count.failed === 0 && (!succeeded || count.passed === 0) ? 1 : count.failed
  return { ...count, failed }
}

/** The sum of counts. */
export function sumOf(counts: readonly TestCount[]): TestCount {
  return counts.reduce(
    (sum, count) => ({
      passed: sum.passed + count.passed,
      failed: sum.failed + count.failed,
      skipped: sum.skipped + count.skipped,
    }),
    noTests,
  )
}

/** A count as one line, `N passed, N failed`, with the skipped ones where there are any. */
export function countLine({ passed, failed, skipped }: TestCount): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined
}

function numberAt(value: unknown, key: string): number {
  const found = at(value, key)
  if (typeof found === 'number') return found
  throw new TypeError(`${key} of the test report is ${String(found)}; expected a number`)
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const found = at(value, key)
  if (Array.isArray(found)) return found
  throw new TypeError(`${key} of the test report is ${String(found)}; expected a list`)
}
