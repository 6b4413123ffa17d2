/** The server sent something that is no valid response. */
export class InvalidResponse extends Error {
  override readonly name = 'InvalidResponse'
}
