import { isObject } from './table/is-object.ts'
import type { AffectedRows } from './table/table.ts'
import type { AnsweredUpdate } from './writes/writes.ts'

/** What one tab tells the others that it has invalidated. */
export interface TabNews {
  readonly rows: AffectedRows
  /** Whether it is on the disk that tabs share: a disk may fail, and a tab may have none. */
  readonly isStored: boolean
  /** Where all that happened is that a row was changed by a write. */
  readonly update?: AnsweredUpdate | undefined
  /** Of the shape of the row in it. */
  readonly version?: string | number | undefined
}

export interface TabChannelOptions {
  /** What is cached is known by in all tabs. */
  readonly name: string
  readonly onNews: (news: TabNews) => void
  readonly onError: (error: unknown) => void
}

/**
 * What tables of one cache key and one cache tell each other, in whatever tab they are (promise 13). Nothing where there is no
 * BroadcastChannel, or where it is refused, and none on a server (promise 19).
 */
export class TabChannel {
  readonly #options: TabChannelOptions
  #channel: BroadcastChannel | undefined
  readonly #onShown = ({ persisted }: PageTransitionEvent): void => {
    // To a page that was put aside nobody tells anything.
    if (persisted) this.#options.onNews({ rows: 'all', isStored: true })
  }

  constructor(options: TabChannelOptions) {
    this.#options = options
  }

  /** Hears from now on. */
  open(): void {
    if (this.#channel !== undefined) return
    this.#channel = this.#make()
    if (this.#channel === undefined) return
    this.#channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (isNews(data)) this.#options.onNews(data)
    })
    addEventListener('pageshow', this.#onShown)
  }

  tell({ update, ...news }: TabNews): void {
    const channel = this.#channel ?? this.#make()
    try {
      channel?.postMessage({ ...news, update })
    } catch {
      // A row that cannot be cloned is asked for.
      channel?.postMessage(news)
    }
    if (channel !== this.#channel) channel?.close()
  }

  close(): void {
    if (this.#channel === undefined) return
    this.#channel.close()
    this.#channel = undefined
    removeEventListener('pageshow', this.#onShown)
  }

  #make(): BroadcastChannel | undefined {
    if (typeof window === 'undefined' || typeof BroadcastChannel === 'undefined') return undefined
    try {
      // Tabs with another version of the messages talk among themselves (promise 19).
      return new BroadcastChannel(`vantage-live/tabs/1/${this.#options.name}`)
    } catch (error) {
      this.#options.onError(error)
      return undefined
    }
  }
}

function isNews(data: unknown): data is TabNews {
  return isObject(data) && 'rows' in data && (data.rows === 'all' || Array.isArray(data.rows))
}
