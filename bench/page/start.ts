/** When the script began, in the page's own time: this file is the first that is run. */
export const scriptStart: number = performance.now()
