import { ArgumentError } from '../errors.ts'

/**
 * Reads from something that the caller passed. A proxy, or an object with a getter, may throw when it is read.
 *
 * @throws ArgumentError if it does, with what was thrown as its `cause` (promise 20)
 */
export function readArgument<T>(
  argument: string,
  value: unknown,
  read: () => T,
  expected: string = 'what does not throw when it is read',
): T {
  try {
    return read()
  } catch (cause) {
    throw cause instanceof ArgumentError ? cause : new ArgumentError(argument, value, expected, { cause })
  }
}

/**
 * A copy of a call's options, with what they inherit: they are read once, and stay as they were then.
 *
 * @throws ArgumentError if they, or their signal, throw when they are read (promise 20)
 */
export function readOptions<Options extends object>(options: Options | undefined): Partial<Options> {
  return readArgument('options', options, () => {
    const own: Partial<Options> = {}
    // Options may be made of defaults with Object.create.
    for (const name in options) own[name] = options[name]
    Reflect.get(Object(Reflect.get(own, 'signal')), 'aborted')
    return own
  })
}
