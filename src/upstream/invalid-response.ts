/** The server sent something that is not a valid response. */
export class InvalidResponse extends Error {
  override readonly name = 'InvalidResponse'
}

/** It answers no request: bytes behind a response, or while nobody asks. */
export class Unasked extends InvalidResponse {}
