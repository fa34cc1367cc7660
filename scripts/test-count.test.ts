import { describe, expect, test } from 'vitest'
import { countLine, noTests, playwrightCount, runnerCount, sumOf, vitestCount } from './test-count.ts'

const ran = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }

describe('what a report of Vitest counts', () => {
  test('skipped and to-do tests are skipped', () => {
    expect(vitestCount({ ...ran, numPendingTests: 2, numTodoTests: 1 })).toEqual({ passed: 3, failed: 0, skipped: 3 })
  })

  test('a file that failed without a failed test is one failure, and one with a failed test is none besides', () => {
    const unreadable = { status: 'failed', assertionResults: [] }
    const failed = { status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] }
    const passed = { status: 'passed', assertionResults: [{ status: 'passed' }] }
    expect(vitestCount({ ...ran, numFailedTests: 1, testResults: [unreadable, failed, passed] }).failed).toBe(2)
  })

  test('something that is no report is an error', () => {
    expect(() => vitestCount({ ...ran, numPassedTests: '3' })).toThrow('numPassedTests of the test report is 3; expected a number')
    expect(() => vitestCount(null)).toThrow('testResults of the test report is undefined; expected a list')
  })
})

describe('what a report of Playwright counts', () => {
  test('a test that passed when it was tried again passed', () => {
    const stats = { expected: 5, flaky: 1, unexpected: 2, skipped: 1 }
    expect(playwrightCount({ stats })).toEqual({ passed: 6, failed: 2, skipped: 1 })
  })

  test('something that is no report is an error', () => {
    expect(() => playwrightCount({})).toThrow('expected of the test report is undefined; expected a number')
  })
})

describe('what a runner did', () => {
  test('one that failed without a failed test is one failure', () => {
    expect(runnerCount(false, { passed: 3, failed: 0, skipped: 0 })).toEqual({ passed: 3, failed: 1, skipped: 0 })
  })

  test('one that ran no test is one failure', () => {
    expect(runnerCount(true, { passed: 0, failed: 0, skipped: 2 })).toEqual({ passed: 0, failed: 1, skipped: 2 })
  })

  test('failed tests are not counted twice', () => {
    expect(runnerCount(false, { passed: 3, failed: 2, skipped: 0 }).failed).toBe(2)
  })
})

test('the line is plain, and tells of skipped tests where there are any', () => {
  const counts = [{ passed: 3, failed: 1, skipped: 0 }, noTests, { passed: 4, failed: 0, skipped: 0 }]
  expect(countLine(sumOf(counts))).toBe('7 passed, 1 failed')
  expect(countLine({ passed: 7, failed: 0, skipped: 2 })).toBe('7 passed, 0 failed, 2 skipped')
})
