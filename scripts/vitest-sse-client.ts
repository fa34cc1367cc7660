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
  /** Ends the answers to all that are connected. */
  end(): Promise<void>
  /** Refuses all connections with this status, or for `0` by destroying their sockets, until `accept`. */
  refuse(status: number): Promise<void>
  /** Answers no connection from now on, until `accept`; polls are answered. So do proxies that wait for an answer to be complete. */
  hold(): Promise<void>
  accept(): Promise<void>
  /** `{ open, asked }`: how many are connected, and how many connections were asked for. */
  state(): Promise<unknown>
  /** The connections that were asked for: `{ method, headers, body }` of each. */
  requests(): Promise<unknown>
}

/** What a channel can do besides. */
export interface SseChannelOptions {
  /** Whether what is emitted has positions, from which connections can go on, as docs/wire.md has it. Default: `false`. */
  readonly positions?: boolean
}

/** Makes a channel that no other test has. */
export function sseChannel({ positions = false }: SseChannelOptions = {}): SseChannel {
  const path = `/__sse/${crypto.randomUUID()}`
  const search = positions ? '?positions' : ''

  async function post(action: string, body = ''): Promise<void> {
    const response = await fetch(`${path}/${action}${search}`, { method: 'POST', body })
    if (!response.ok) throw new Error(`the test server answered ${response.status} to ${action}`)
  }

  async function get(action: string): Promise<unknown> {
    const response = await fetch(`${path}/${action}`)
    const found: unknown = await response.json()
    return found
  }

  return {
    url: `${path}${search}`,
    send: (text) => post('send', text),
    emit: (value) => post('emit', JSON.stringify(value)),
    cut: () => post('cut'),
    end: () => post('end'),
    refuse: (status) => post('refuse', String(status)),
    hold: () => post('hold'),
    accept: () => post('accept'),
    state: () => get('state'),
    requests: () => get('requests'),
  }
}
