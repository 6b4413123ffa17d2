/** Messages between supervisor and workers. */

import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { Config } from '../../config/schema.ts'
import type { Question } from '../app/operator-desk.ts'
import type { FromSupervisor } from '../app/proxy-server.ts'
import type { Readiness } from '../app/readiness.ts'
import type { ChangeMessage } from '../store/change-message.ts'

/** Metrics of one process, as exported by prom-client. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[]

export interface Report {
  readonly metrics: MetricsSnapshot
  readonly readiness: Readiness
}

/** The result of a question, or why it failed, in a message for the operator. */
export type DeskAnswer = { readonly value: unknown } | { readonly failure: string }

export type ToWorker =
  /**
   * `files`: contents by name, in base64, as of when the configuration was read. `told`: endings announced by other
   * processes that may be in no store.
   */
  | {
      readonly kind: 'start'
      readonly config: Config
      readonly files: readonly (readonly [name: string, content: string])[]
      readonly given: FromSupervisor
      readonly told: readonly ChangeMessage[]
    }
  | { readonly kind: 'report'; readonly question: number }
  /** A question of an operator, with its argument. */
  | { readonly kind: 'ask'; readonly question: number; readonly what: Question; readonly asked: unknown }
  | { readonly kind: 'change'; readonly change: ChangeMessage }
  | { readonly kind: 'drain'; readonly delayMs: number; readonly listens: boolean }
  | { readonly kind: 'kill' }

export type FromWorker =
  | { readonly kind: 'listening'; readonly port: number }
  /** It cannot start; `message` is for the operator. */
  | { readonly kind: 'failed'; readonly message: string }
  /** `question`: the one it answers; undefined: the final report of a worker that ends. */
  | { readonly kind: 'report'; readonly question: number | undefined; readonly report: Report }
  | { readonly kind: 'answer'; readonly question: number; readonly answer: DeskAnswer }
  | { readonly kind: 'change'; readonly change: ChangeMessage }
