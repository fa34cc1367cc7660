/** A request that cannot be served as it stands, and what its sender is told. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly status: 400 | 401 | 403 | 404 | 409 | 412 | 413 | 415 | 421 | 422 | 429
  readonly code: string
  /** The parameter or the column that is wrong, where it is one. */
  readonly field: string | undefined
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>

  constructor(status: RequestError['status'], code: string, message: string, field?: string, headers: RequestError['headers'] = {}) {
    super(message)
    this.status = status
    this.code = code
    this.field = field
    this.headers = headers
  }
}
