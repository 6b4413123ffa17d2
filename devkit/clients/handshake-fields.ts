/** Of the example in RFC 6455 1.3. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

export const HANDSHAKE_FIELDS = [
  ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  `Sec-WebSocket-Key: ${KEY}`,
]
