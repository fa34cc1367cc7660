/** A text that the browser keeps for the app. Where it does not, as where a user allows no storage, it is kept until the page is left. */
export interface KeptText {
  /** Undefined where there is none. */
  read(): string | undefined
  write(text: string | undefined): void
}

/** @param area `localStorage` is that of all tabs, `sessionStorage` that of one */
export function keptText(area: 'localStorage' | 'sessionStorage', key: string): KeptText {
  let own: string | undefined
  return {
    read() {
      try {
        return window[area].getItem(key) ?? undefined
      } catch {
        return own
      }
    },

    write(text) {
      own = text
      try {
        if (text === undefined) window[area].removeItem(key)
        else window[area].setItem(key, text)
      } catch {
        // It is kept here.
      }
    },
  }
}
