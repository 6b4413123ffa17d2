/** The server sent something that is not a valid response. */
export class InvalidResponse extends Error {
  override readonly name = 'InvalidResponse'
}

/** Not the response to any request: bytes after a response, or on an idle connection. */
export class Unasked extends InvalidResponse {}
