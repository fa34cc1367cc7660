import { storagePatience, waitForStorage } from './wait-for-storage.ts'

/** What stands for another tab of the same origin: a realm with modules, connections and memory of its own. */
export interface Tab<Exports> {
  readonly exports: Exports
  readonly close: () => void
}

/**
 * Opens a tab that has loaded one module, given by its URL.
 *
 * It is an iframe: of all that a tab has of its own it lacks only the process, which a test would not see.
 */
export function openTab<Exports>(module: string): Promise<Tab<Exports>> {
  const frame = document.createElement('iframe')
  frame.srcdoc = `<script type="module">
    ;(${waitForStorage.toString()})(${storagePatience})
    import(${JSON.stringify(module)}).then(
      (exports) => frameElement.dispatchEvent(new CustomEvent('loaded', { detail: exports })),
      (error) => frameElement.dispatchEvent(new CustomEvent('failed', { detail: error })),
    )
  </script>`
  return new Promise((resolve, reject) => {
    frame.addEventListener('loaded', (event: CustomEventInit<Exports>) => {
      if (event.detail !== undefined) resolve({ exports: event.detail, close: () => frame.remove() })
    })
    frame.addEventListener('failed', (event: CustomEventInit<Error>) => reject(event.detail ?? new Error(`${module} could not be loaded`)))
    document.body.append(frame)
  })
}
