/** Records requests to the admin listener with a wrong credential. */
import type { Logger } from 'pino'
import type { MonotonicClock } from '../clock.ts'
import { boundedRecords } from '../observability/bounded-records.ts'
import { ipOf } from '../observability/ecs.ts'
import type { AdminParts } from './admin-listener.ts'
import type { SupervisorMetrics } from './supervisor-metrics.ts'

export function adminRefusals(
  log: Logger,
  metrics: Pick<SupervisorMetrics, 'adminRefused'>,
  monotonic: MonotonicClock,
): AdminParts['onWrongCredential'] {
  const write = boundedRecords(log, 'warn', monotonic)
  return (path, client) => {
    metrics.adminRefused()
    const what = { 'event.action': 'admin-refused', 'url.path': path }
    write(path, what, { 'client.address': client, 'client.ip': ipOf(client) })
  }
}
