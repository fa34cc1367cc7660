/** A timer that is asked for more than it can count, in ms, fires at once. */
export const longestTimer: number = 2 ** 31 - 1
