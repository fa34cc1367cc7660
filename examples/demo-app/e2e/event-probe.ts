import type { BrowserContext, Page } from '@playwright/test'

/** What a page has of a table's event stream, below the library. */
export interface EventProbe {
  /** How many connections it has. */
  readonly open: number
  /** When the latest of them was opened, in ms since 1970. */
  readonly openedAt: number
  /** How many events have come. */
  readonly events: number
  /** When the latest event came, in ms since 1970. */
  readonly lastEventAt: number
}

export interface ProbeOptions {
  /** Takes from each event what it says of its row beyond the id. */
  readonly withoutRows?: boolean
}

/** Watches the event streams of all pages that are opened from now on. */
export async function probeEvents(target: Page | BrowserContext, { withoutRows = false }: ProbeOptions = {}): Promise<void> {
  await target.addInitScript(watchFetch, withoutRows)
}

/** A page that has not asked for the events of this table has no connection. */
export function eventProbe(page: Page, table: string): Promise<EventProbe> {
  return page.evaluate<EventProbe, string>(
    (name) => Reflect.get(Reflect.get(window, 'eventProbes'), name) ?? { open: 0, openedAt: 0, events: 0, lastEventAt: 0 },
    table,
  )
}

/** Runs in the page, before its own scripts. */
function watchFetch(withoutRows: boolean): void {
  const { fetch } = window
  const probes: Record<string, { open: number; openedAt: number; events: number; lastEventAt: number }> = {}
  Object.assign(window, { eventProbes: probes })

  const now = (): number => performance.timeOrigin + performance.now()

  const passedOn = (line: string): string => {
    if (!withoutRows || !line.startsWith('data: ')) return line
    const { type, id } = JSON.parse(line.slice('data: '.length))
    return `data: ${JSON.stringify({ type, id })}`
  }

  window.fetch = async (input, init) => {
    const response = await fetch(input, init)
    const table = /\/api\/(\w+)\/events$/.exec(new Request(input).url)?.[1]
    if (table === undefined || !response.ok || response.body === null) return response
    const probe = (probes[table] ??= { open: 0, openedAt: 0, events: 0, lastEventAt: 0 })
    probe.open += 1
    probe.openedAt = now()

    const decoder = new TextDecoder()
    const encoder = new TextEncoder()
    let rest = ''
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n')
        rest = lines.pop() ?? ''
        const events = lines.filter((line) => line.startsWith('data: ')).length
        if (events > 0) probe.lastEventAt = now()
        probe.events += events
        controller.enqueue(encoder.encode(lines.map((line) => `${passedOn(line)}\n`).join('')))
      },
    })
    const end = (): void => {
      probe.open -= 1
    }
    response.body.pipeTo(writable).then(end, end)
    return new Response(readable, response)
  }
}
