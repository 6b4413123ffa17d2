/** What supervisor and workers tell each other. */

import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { Config } from '../../config/schema.ts'
import type { Readiness } from '../app/readiness.ts'
import type { ChangeMessage } from '../store/change-message.ts'

/** Metrics of one process, as prom-client hands them over. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[]

export interface Report {
  readonly metrics: MetricsSnapshot
  readonly readiness: Readiness
}

export type ToWorker =
  /** `entrance`: of its own, where it is asked whether it answers. */
  | { readonly kind: 'start'; readonly config: Config; readonly entrance: string | undefined }
  | { readonly kind: 'report'; readonly question: number }
  | { readonly kind: 'change'; readonly change: ChangeMessage }
  | { readonly kind: 'drain'; readonly delayMs: number; readonly listens: boolean }
  | { readonly kind: 'kill' }

export type FromWorker =
  | { readonly kind: 'listening'; readonly port: number }
  /** It cannot start, in words for the operator. */
  | { readonly kind: 'failed'; readonly message: string }
  /** `question`: the one it answers; none: its last words. */
  | { readonly kind: 'report'; readonly question: number | undefined; readonly report: Report }
  | { readonly kind: 'change'; readonly change: ChangeMessage }
