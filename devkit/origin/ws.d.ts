/** The part of `ws` that the tests use; the package ships no types of its own. */
declare module 'ws' {
  import type { EventEmitter } from 'node:events'
  import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
  import type { Duplex } from 'node:stream'

  export type ClientOptions = {
    headers?: OutgoingHttpHeaders
    origin?: string
    perMessageDeflate?: boolean
    maxPayload?: number
    ca?: string
  }

  export type ServerOptions = {
    noServer: true
    perMessageDeflate?: boolean
    maxPayload?: number
    handleProtocols?: (protocols: Set<string>, request: IncomingMessage) => string | false
  }

  /**
   * Emits `open`, `message` (data, isBinary), `ping`, `pong`, `close` (code, reason), `error`, `unexpected-response`.
   */
  export class WebSocket extends EventEmitter {
    constructor(url: string, protocols: readonly string[], options: ClientOptions)
    readonly protocol: string
    readonly extensions: string
    readonly bufferedAmount: number
    send(data: string | Buffer): void
    ping(data: string): void
    close(code?: number, reason?: string): void
    terminate(): void
    pause(): void
    resume(): void
  }

  export class WebSocketServer extends EventEmitter {
    constructor(options: ServerOptions)
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: (socket: WebSocket) => void): void
  }
}
