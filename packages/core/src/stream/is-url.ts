/** Whether it is a URL, on its own or seen from the base. Not `URL.canParse`, which is newer than some browsers in the README. */
export function isUrl(url: string, base: string | undefined): boolean {
  try {
    return new URL(url, base).href !== ''
  } catch {
    return false
  }
}
