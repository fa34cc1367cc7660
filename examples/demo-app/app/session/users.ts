/** Somebody who works with the app. */
export interface User {
  readonly id: string
  readonly name: string
  /** What they do at the bakery. */
  readonly role: string
}

/** A stand-in for users who prove who they are: here anybody may be any of them. */
export const users: readonly [User, User, User] = [
  { id: 'ines', name: 'Ines Duarte', role: 'Takes the orders' },
  { id: 'tomas', name: 'Tomas Berg', role: 'Bakes' },
  { id: 'mei', name: 'Mei Okafor', role: 'Delivers' },
]
