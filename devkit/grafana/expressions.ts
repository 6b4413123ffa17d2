/** Expressions of PromQL that several dashboards ask with, of what is chosen on their page. */
import { CHOSEN } from './dashboard.ts'

/** A second. `more`: further matchers, each behind a comma. */
export const rate = (metric: string, more = '') => `rate(${metric}{${CHOSEN}${more}}[$__rate_interval])`

export const perInstance = (metric: string) => `sum by (instance) (${rate(metric)})`

/** Each series there is. */
export const each = (metric: string) => `${metric}{${CHOSEN}}`
