import { sameMoment, type HeldLease } from './cache/held-lease.ts'
import { untilAborted } from './table/until-aborted.ts'

/** A request to the master that is under way. */
export interface Flight<Answer> {
  readonly answer: Promise<Answer>
  readonly lease: HeldLease
  readonly controller: AbortController
  readers: number
}

/**
 * One question, one request (promise 15): readers of the same slot share a flight.
 *
 * One reader that goes away leaves the flight to the others; when the last one goes, the request is aborted.
 */
export class Flights<Answer> {
  /** The last one of each slot, for others to join. */
  readonly #flights = new Map<string, Flight<Answer>>()
  readonly #inTheAir = new Set<Flight<Answer>>()

  /** A flight whose answer will be no older than the question of the reader who holds this lease. */
  find(key: string, lease: HeldLease): Flight<Answer> | undefined {
    const flight = this.#flights.get(key)
    if (flight === undefined || flight.controller.signal.aborted) return undefined
    return sameMoment(flight.lease, lease) ? flight : undefined
  }

  /** Starts a request under this lease. It takes the place of an older one, which flies on for its own readers. */
  start(key: string, lease: HeldLease, ask: (signal: AbortSignal) => Promise<Answer>): Flight<Answer> {
    const controller = new AbortController()
    const land = (): void => {
      this.#inTheAir.delete(flight)
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    const flight: Flight<Answer> = { answer: ask(controller.signal).finally(land), lease, controller, readers: 0 }
    this.#flights.set(key, flight)
    this.#inTheAir.add(flight)
    return flight
  }

  /** Aborts all of them; their readers' promises reject with this. */
  abort(reason: unknown): void {
    for (const { controller } of this.#inTheAir) controller.abort(reason)
  }

  /** The flight's answer for one reader; rejects with the signal's reason when that reader goes away. */
  join(flight: Flight<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
    flight.readers += 1
    // A master may pay no heed to its signal.
    const answer = untilAborted(flight.answer, flight.controller.signal)
    if (signal === undefined) return answer
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        reject(signal.reason)
        flight.readers -= 1
        if (flight.readers === 0) flight.controller.abort(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      const stay = (): void => signal.removeEventListener('abort', leave)
      answer.finally(stay).then(resolve, reject)
    })
  }
}
