/** A name that nothing else has. Not `randomUUID`, because pages without TLS do not have it. */
export function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-')
}
