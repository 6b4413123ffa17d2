import type { IncomingMessage } from 'node:http'
import type { RequestContent } from './request-content.ts'

/** Request content that unidentified clients have yet to send, and how long their connections are kept for it. */
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
