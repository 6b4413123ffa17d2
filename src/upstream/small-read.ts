/** A read of Torhaus' own at the origin server: a small answer, whole, within a time. */
import { Fault } from '../errors.ts'
import type { ResponseReceiver, Upstream, UpstreamExchange, UpstreamRequest } from './upstream.ts'

export interface SmallRead extends Pick<UpstreamRequest, 'target' | 'fields' | 'connections' | 'owner' | 'standing'> {
  readonly timeoutMs: number
}

export interface SmallAnswer {
  readonly status: number
  /** Name, value, name, value. */
  readonly rawFields: readonly string[]
  readonly content: Buffer
}

/** What is asked for is far smaller; more is another server, or a page. */
const MAX_BYTES = 262_144

/** Rejects with a fault if there is no response, or one that is too large. */
export function smallRead(upstream: Upstream, { timeoutMs, ...read }: SmallRead): Promise<SmallAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<SmallAnswer>()
  const collector = new Collector(resolve, reject)
  const timer = setTimeout(() => collector.giveUp(new Fault('upstream-headers-timeout')), timeoutMs)
  collector.begin(
    upstream.send(
      {
        ...read,
        ...{ method: 'GET', content: null, contentLength: undefined, mayUpgrade: false },
      },
      collector,
    ),
  )
  return promise.finally(() => clearTimeout(timer))
}

class Collector implements ResponseReceiver {
  readonly #resolve: (answer: SmallAnswer) => void
  readonly #reject: (fault: Fault) => void
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #status = 0
  #rawFields: readonly string[] = []
  #exchange: UpstreamExchange | undefined

  constructor(resolve: (answer: SmallAnswer) => void, reject: (fault: Fault) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  begin(exchange: UpstreamExchange): void {
    this.#exchange = exchange
  }

  giveUp(fault: Fault): void {
    this.#exchange?.abort()
    this.#reject(fault)
  }

  onInformation(): boolean {
    return true
  }

  onHead(status: number, _reason: string, rawFields: readonly string[]): void {
    this.#status = status
    this.#rawFields = [...rawFields]
  }

  onReadPause(): void {}

  onContent(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    // The bytes are the connection's; they are copied.
    if (this.#bytes <= MAX_BYTES) this.#chunks.push(Buffer.from(chunk))
    else this.giveUp(new Fault('upstream-response-invalid'))
    return true
  }

  onEnd(): void {
    this.#resolve({ status: this.#status, rawFields: this.#rawFields, content: Buffer.concat(this.#chunks) })
  }

  /** Nobody asked for one. */
  onUpgrade(): void {
    this.giveUp(new Fault('upstream-response-invalid'))
  }

  onError(fault: Fault): void {
    this.#reject(fault)
  }
}
