/**
 * Sends spans to a collector: OTLP over HTTP, in JSON (OpenTelemetry Protocol 1.x). Nobody waits for it; a collector
 * that is away costs spans, never requests.
 */
import { torhausVersion } from '../torhaus-version.ts'

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client'
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Readonly<Record<string, string | number | undefined>>
  readonly isFailed: boolean
}

export interface ExporterParts {
  readonly url: string
  readonly send: typeof fetch
  /** Said once, until spans are taken again. */
  readonly onError: (error: Error) => void
}

const MAX_WAITING = 8192
const BATCH = 512
const FLUSH_MS = 2000
const TIMEOUT_MS = 10_000
const KINDS = { internal: 1, server: 2, client: 3 } as const
const STATUS_ERROR = 2

export class OtlpExporter implements AsyncDisposable {
  readonly #parts: ExporterParts
  readonly #timer: NodeJS.Timeout
  #waiting: Span[] = []
  #sending: Promise<void> | undefined
  #isSaid = false

  constructor(parts: ExporterParts) {
    this.#parts = parts
    this.#timer = setInterval(() => void this.#flush(), FLUSH_MS).unref()
  }

  /** Drops them where too many wait. */
  add(spans: readonly Span[]): void {
    if (this.#waiting.length + spans.length > MAX_WAITING) return
    this.#waiting.push(...spans)
    if (this.#waiting.length >= BATCH) void this.#flush()
  }

  /** Sends what waits, once. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#sending
    await this.#flush()
  }

  #flush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
    return this.#sending
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH)
      this.#waiting = this.#waiting.slice(BATCH)
      try {
        await this.#send(batch)
        this.#isSaid = false
      } catch (error) {
        if (!this.#isSaid) this.#parts.onError(error as Error)
        this.#isSaid = true
        // The other batches wait for the next flush: the collector takes none now. This one is lost.
        return
      }
    }
  }

  async #send(spans: readonly Span[]): Promise<void> {
    const response = await this.#parts.send(this.#parts.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(exported(spans)),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`the collector answered with ${response.status}`)
  }
}

const exported = (spans: readonly Span[]) => ({
  resourceSpans: [
    {
      resource: { attributes: attributesOf({ 'service.name': 'torhaus', 'service.version': torhausVersion }) },
      scopeSpans: [{ scope: { name: 'torhaus', version: torhausVersion }, spans: spans.map(spanOf) }],
    },
  ],
})

function spanOf({ traceId, spanId, parentId, name, kind, startMs, endMs, attributes, isFailed }: Span): object {
  return {
    ...{ traceId, spanId, name, kind: KINDS[kind] },
    ...(parentId === undefined ? {} : { parentSpanId: parentId }),
    ...{ startTimeUnixNano: nanoseconds(startMs), endTimeUnixNano: nanoseconds(endMs) },
    attributes: attributesOf(attributes),
    status: isFailed ? { code: STATUS_ERROR } : {},
  }
}

const attributesOf = (attributes: Span['attributes']) =>
  Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined) return []
    return [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }]
  })

/** As text: beyond what a number holds exactly. */
const nanoseconds = (ms: number) => String(BigInt(Math.round(ms * 1000)) * 1000n)
