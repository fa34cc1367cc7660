/** What a page was opened for. */
export interface Settings {
  /** `fill` shows nothing: it puts rows on disk. */
  readonly screen: 'fill' | 'grid' | 'rows'
  /** The page that the grid shows first, counted from 1. */
  readonly page: number
  /** Whether the contestant listens to the server's events, and whether these carry the row that changed. */
  readonly live: 'no' | 'ids' | 'rows'
}

const parameters = new URLSearchParams(location.search)

export const settings: Settings = {
  screen: oneOf(['fill', 'grid', 'rows'], parameters.get('screen')) ?? 'grid',
  page: Number(parameters.get('page') ?? 1),
  live: oneOf(['no', 'ids', 'rows'], parameters.get('live')) ?? 'no',
}

/** Where the events are. */
export const eventsUrl = `/api/orders/events?live=${settings.live}`

function oneOf<Name extends string>(names: readonly Name[], given: string | null): Name | undefined {
  return names.find((name) => name === given)
}
