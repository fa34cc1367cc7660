/**
 * Aborts when the process is asked to end.
 *
 * A Ctrl-C reaches every process of the terminal, and a package manager in front may pass it on besides: the
 * second one must not cut short what the first one began.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort(new Error(`stopped by ${name}`)))
  return controller.signal
}
