/** What is sent, and what comes of it. */

export type Scheme = 'session' | 'bearer' | 'pat' | 'negotiate'

export interface LoadRequest {
  readonly method: 'GET' | 'PUT' | 'POST'
  readonly target: string
  readonly fields: Readonly<Record<string, string>>
  /** Sent as content: printable ASCII and line ends. */
  readonly content?: string
  /** Bytes of content that a right answer has; its status is 200 in any case. */
  readonly responseBytes: number
}

/** As much as possible, with all connections busy. */
export interface Saturation {
  readonly requests: number
  readonly durationS: number
  readonly errors: number
  /** Processor time of the generator, where it tells. */
  readonly generatorCpuUs?: number
}

/** A constant rate, whatever the answers do. Latencies in milliseconds, from when a request was due. */
export interface ConstantRate {
  readonly latenciesMs: readonly number[]
  /** How late each request was sent, in milliseconds: the generator's part of the latencies. */
  readonly latenessMs: readonly number[]
  readonly errors: number
  /** Of content, both ways, of the answers whose latency counts. */
  readonly bytes: number
}

/** One large content after the other. */
export interface Transfer {
  readonly requests: number
  readonly bytes: number
  readonly durationS: number
  readonly errors: number
}
