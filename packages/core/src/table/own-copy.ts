import { readArgument } from './read-argument.ts'

/**
 * A copy of an argument, which the caller cannot change any more while the call waits.
 *
 * @throws ArgumentError unless it is plain data (promise 20)
 */
export function ownCopy<T extends object>(argument: string, value: T): T {
  return readArgument(argument, value, () => structuredClone(value), 'plain data, without functions or other things that cannot be cloned')
}
