import type { Order } from './orders.ts'

/** Someone who waits for rows to be committed. */
interface Waiting {
  readonly isRight: (rows: readonly Order[]) => boolean
  readonly resolve: (time: number) => void
}

/** What was seen while a page was watched. */
export interface Sight {
  /** Commits of the grid. */
  readonly commits: number
  /** Renders of rows, in the grid or by themselves. */
  readonly rowRenders: number
  readonly frames: number
  /** Tasks of 50 ms and more, in ms. */
  readonly longTasks: readonly number[]
}

let commits = 0
let rowRenders = 0
let rowArrivedAt = 0
let shown: readonly Order[] = []
let waiting: readonly Waiting[] = []

/** What the shared components report to, and what measures them. */
export const probe = {
  /** Called by the grid once it has changed the document. */
  gridCommitted(rows: readonly Order[]): void {
    const now = performance.now()
    commits += 1
    shown = rows
    const done = waiting.filter(({ isRight }) => isRight(rows))
    if (done.length === 0) return
    waiting = waiting.filter((each) => !done.includes(each))
    for (const { resolve } of done) resolve(now)
  },

  rowRendered(): void {
    rowRenders += 1
  },

  /** Called where the answer to a request for one row has been read, or an event has brought it. */
  rowArrived(): void {
    rowArrivedAt = performance.now()
  },

  get rowArrivedAt(): number {
    return rowArrivedAt
  },

  get rowRenders(): number {
    return rowRenders
  },

  /** Resolves with the time of the first commit of such rows, also where that has been. */
  gridShows(isRight: (rows: readonly Order[]) => boolean): Promise<number> {
    if (isRight(shown)) return Promise.resolve(performance.now())
    return new Promise((resolve) => {
      waiting = [...waiting, { isRight, resolve }]
    })
  },

  /** Watches until the returned function is called. */
  watch(): () => Sight {
    const before = { commits, rowRenders }
    const longTasks: number[] = []
    const observer = new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    observer.observe({ type: 'longtask' })
    let frames = 0
    let frame = requestAnimationFrame(function count() {
      frames += 1
      frame = requestAnimationFrame(count)
    })
    return () => {
      longTasks.push(...observer.takeRecords().map(({ duration }) => duration))
      observer.disconnect()
      cancelAnimationFrame(frame)
      return { commits: commits - before.commits, rowRenders: rowRenders - before.rowRenders, frames, longTasks }
    }
  },
}
