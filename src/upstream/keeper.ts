/** The owner of connections, which is notified of each. */
export interface Keeper<Connection> {
  /** The response is complete and the connection can take another request. */
  onFree(connection: Connection): void
  /** The server keeps authentication on a connection that people share: it is closed after this response. */
  onBound(): void
  /** What the server sent answers no request: the connection is closed. */
  onUnasked(): void
  /** The connection is gone. */
  onClosed(connection: Connection): void
}
