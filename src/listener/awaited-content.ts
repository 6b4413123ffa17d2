import type { IncomingMessage } from 'node:http'
import type { RequestContent } from './request-content.ts'

/** Content of clients that nobody knows, which is still to come: how long a connection is kept for it, they say. */
export class AwaitedContent {
  readonly #contents = new WeakMap<IncomingMessage, RequestContent>()

  add(message: IncomingMessage, content: RequestContent): void {
    this.#contents.set(message, content)
  }

  /** Monotonic: how far its client has kept the pace. Undefined: nobody waits for it. */
  onPaceUntilMs(message: IncomingMessage): number | undefined {
    const content = this.#contents.get(message)
    return content === undefined || content.isComplete ? undefined : content.onPaceUntilMs
  }
}
