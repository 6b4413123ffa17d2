/** What supervisor and workers tell each other. */

import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { Config } from '../../config/schema.ts'
import type { Question } from '../app/operator-desk.ts'
import type { FromSupervisor } from '../app/proxy-server.ts'
import type { Readiness } from '../app/readiness.ts'
import type { ChangeMessage } from '../store/change-message.ts'

/** Metrics of one process, as prom-client hands them over. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[]

export interface Report {
  readonly metrics: MetricsSnapshot
  readonly readiness: Readiness
}

/** What the desk has returned, or why it could not, in words for the operator. */
export type DeskAnswer = { readonly value: unknown } | { readonly failure: string }

export type ToWorker =
  /**
   * `files`: what they held when the configuration was read, by name, in base64. `told`: endings that others have told of,
   * and that may be in no store.
   */
  | {
      readonly kind: 'start'
      readonly config: Config
      readonly files: readonly (readonly [name: string, content: string])[]
      readonly given: FromSupervisor
      readonly told: readonly ChangeMessage[]
    }
  | { readonly kind: 'report'; readonly question: number }
  /** One of the questions of an operator, with its argument. */
  | { readonly kind: 'ask'; readonly question: number; readonly what: Question; readonly asked: unknown }
  | { readonly kind: 'change'; readonly change: ChangeMessage }
  | { readonly kind: 'drain'; readonly delayMs: number; readonly listens: boolean }
  | { readonly kind: 'kill' }

export type FromWorker =
  | { readonly kind: 'listening'; readonly port: number }
  /** It cannot start, in words for the operator. */
  | { readonly kind: 'failed'; readonly message: string }
  /** `question`: the one it answers; none: its last words. */
  | { readonly kind: 'report'; readonly question: number | undefined; readonly report: Report }
  | { readonly kind: 'answer'; readonly question: number; readonly answer: DeskAnswer }
  | { readonly kind: 'change'; readonly change: ChangeMessage }
