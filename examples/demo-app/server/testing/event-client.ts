/** A message of an event stream. */
export interface Message {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** Reads server-sent events one by one, and only when it is asked to. */
export interface EventClient {
  readonly response: Response
  /** The next comment or message as it was sent; undefined at the end. */
  block(): Promise<string | undefined>
  /** The next message. Fails at the end. */
  message(): Promise<Message>
  /** So many of them. */
  messages(count: number): Promise<readonly Message[]>
  /** All messages until the end. */
  rest(): Promise<readonly Message[]>
  cancel(): Promise<void>
}

export async function eventClient(answer: Response | Promise<Response>): Promise<EventClient> {
  const response = await answer
  if (response.body === null) throw new TypeError('the answer has no body')
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''

  const block = async (): Promise<string | undefined> => {
    const end = text.indexOf('\n\n')
    if (end !== -1) {
      const found = text.slice(0, end)
      text = text.slice(end + 2)
      return found
    }
    const { done, value } = await reader.read()
    if (done) return undefined
    text += decoder.decode(value, { stream: true })
    return block()
  }

  const nextMessage = async (): Promise<Message | undefined> => {
    const found = await block()
    if (found === undefined) return undefined
    const fields = new Map(found.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]))
    const data = fields.get('data')
    if (data === undefined) return nextMessage()
    return { id: fields.get('id') ?? '', event: fields.get('event') ?? 'message', data }
  }

  const message = async (): Promise<Message> => {
    const found = await nextMessage()
    if (found === undefined) throw new Error('the stream ended')
    return found
  }

  return {
    response,
    block,
    message,
    async messages(count) {
      const found: Message[] = []
      while (found.length < count) found.push(await message())
      return found
    },
    async rest() {
      const found: Message[] = []
      for (let each = await nextMessage(); each !== undefined; each = await nextMessage()) found.push(each)
      return found
    },
    cancel: () => reader.cancel(),
  }
}
