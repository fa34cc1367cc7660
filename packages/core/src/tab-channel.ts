import { isObject } from './table/is-object.ts'
import type { AffectedRows, RowUpdate } from './table/table.ts'

/** What one tab tells the others that it has invalidated. */
export interface TabNews {
  readonly rows: AffectedRows
  readonly update?: RowUpdate | undefined
}

/**
 * What tables of one cache key and one cache tell each other, in whatever tab they are (promise 13). Nothing where there is no
 * BroadcastChannel, and none on a server (promise 19).
 */
export class TabChannel {
  readonly #name: string
  readonly #onNews: (news: TabNews) => void
  #channel: BroadcastChannel | undefined

  /** @param name what is cached is known by in all tabs */
  constructor(name: string, onNews: (news: TabNews) => void) {
    // Tabs with another version of the messages talk among themselves (promise 19).
    this.#name = `vantage-live/tabs/1/${name}`
    this.#onNews = onNews
  }

  /** Hears from now on. */
  open(): void {
    if (this.#channel !== undefined || !hasTabs()) return
    this.#channel = new BroadcastChannel(this.#name)
    this.#channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (isNews(data)) this.#onNews(data)
    })
  }

  tell({ rows, update }: TabNews): void {
    if (!hasTabs()) return
    const channel = this.#channel ?? new BroadcastChannel(this.#name)
    try {
      channel.postMessage({ rows, update })
    } catch {
      // A row that cannot be cloned is asked for.
      channel.postMessage({ rows })
    }
    if (channel !== this.#channel) channel.close()
  }

  close(): void {
    this.#channel?.close()
    this.#channel = undefined
  }
}

function hasTabs(): boolean {
  return typeof window !== 'undefined' && typeof BroadcastChannel !== 'undefined'
}

function isNews(data: unknown): data is TabNews {
  return isObject(data) && 'rows' in data && (data.rows === 'all' || Array.isArray(data.rows))
}
