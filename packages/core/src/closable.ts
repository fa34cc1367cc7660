declare const missing: unique symbol

/** `typeof Symbol.dispose` where the compiler's libraries have it; else a key that nobody has. */
type DisposeKey = SymbolConstructor extends { readonly dispose: infer Key extends symbol } ? Key : typeof missing

const dispose: DisposeKey = Reflect.get(Symbol, 'dispose') ?? Symbol('dispose')

/** A value that `using` closes at the end of its scope. */
export interface UsingCloses {
  [dispose](): void
}

abstract class Closes implements UsingCloses {
  abstract close(): void

  [dispose](): void {
    this.close()
  }
}

/**
 * The base of a class that `using` closes, where the platform has `Symbol.dispose`. A class that named that symbol itself would have
 * a method called `undefined` on other platforms, and published types that compile with the library `esnext.disposable` only.
 */
export const Closable: abstract new () => UsingCloses = Closes
