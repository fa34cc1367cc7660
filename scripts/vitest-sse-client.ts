/** One channel of the `sseTestServer`, driven from the page of a test. */
export interface SseChannel {
  /** The address of its event stream. */
  readonly url: string
  /** Writes text, as it is, to all that are connected. */
  send(text: string): Promise<void>
  /** Sends a value as JSON in a message of its own. */
  emit(value: unknown): Promise<void>
  /** Destroys the sockets of all that are connected. */
  cut(): Promise<void>
  /** Refuses all connections with this status, or for `0` by destroying their sockets, until `accept`. */
  refuse(status: number): Promise<void>
  accept(): Promise<void>
  /** `{ open, asked }`: how many are connected, and how many connections were asked for. */
  state(): Promise<unknown>
}

/** Makes a channel that no other test has. */
export function sseChannel(): SseChannel {
  const url = `/__sse/${crypto.randomUUID()}`

  async function post(action: string, body = ''): Promise<void> {
    const response = await fetch(`${url}/${action}`, { method: 'POST', body })
    if (!response.ok) throw new Error(`the test server answered ${response.status} to ${action}`)
  }

  return {
    url,
    send: (text) => post('send', text),
    emit: (value) => post('send', `data: ${JSON.stringify(value)}\n\n`),
    cut: () => post('cut'),
    refuse: (status) => post('refuse', String(status)),
    accept: () => post('accept'),
    state: async () => {
      const response = await fetch(`${url}/state`)
      const state: unknown = await response.json()
      return state
    },
  }
}
