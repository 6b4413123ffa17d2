/** What Node knows of its own process, and how long its event loop makes others wait. */
import { readdirSync, statSync } from 'node:fs'
import { collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client'
import type { MonotonicClock } from '../clock.ts'
import { registerCounter } from './counters.ts'
import { EventLoop } from './event-loop.ts'

/**
 * Of prom-client, which are left out. The lag of the event loop is forgotten whenever somebody reads it, and averaged
 * over workers, which hides the one that stands still. The start time is that of the supervisor. The others walk over
 * all that is open each time somebody asks, which with ten thousand connections takes milliseconds of the event loop.
 */
const LEFT_OUT = /^nodejs_eventloop_lag_|^nodejs_active_|^process_start_time_seconds$|^process_open_fds$/

/** As prom-client calls them; which come first, and when, is chance. */
const COLLECTIONS = ['major', 'minor', 'incremental', 'weakcb']

/** Its own measurement of the lag goes on behind what is left out: this makes it rare. */
const UNUSED_PRECISION_MS = 60_000

/** Names that begin with `torhaus_worker_` are of one process: the supervisor says of which, and adds up none. */
export function collectProcessMetrics(registry: Registry, monotonic: MonotonicClock): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: UNUSED_PRECISION_MS })
  for (const { name } of registry.getMetricsAsArray()) if (LEFT_OUT.test(name)) registry.removeSingleMetric(name)
  // A series that begins with its first event shows no growth.
  const collections = registry.getSingleMetric('nodejs_gc_duration_seconds')
  if (collections instanceof Histogram) for (const kind of COLLECTIONS) collections.zero({ kind })
  if (process.platform === 'linux') registerOpenDescriptors(registry)
  const eventLoop = new EventLoop(monotonic)
  registerCounter(registry, 'torhaus_worker_event_loop_busy_seconds_total', 'Time that the event loop was busy.', () =>
    eventLoop.busySeconds(),
  )
  new Gauge({
    name: 'torhaus_worker_event_loop_delay_p99_seconds',
    help: 'Event loop delay in the last minute: the worst 99th percentile of any 10 s.',
    registers: [registry],
    collect() {
      this.set(eventLoop.delays().p99)
    },
  })
  new Gauge({
    name: 'torhaus_worker_event_loop_delay_max_seconds',
    help: 'Maximum event loop delay in the last minute.',
    registers: [registry],
    collect() {
      this.set(eventLoop.delays().max)
    },
  })
}

const DESCRIPTORS = '/proc/self/fd'

function registerOpenDescriptors(registry: Registry): void {
  new Gauge({
    name: 'process_open_fds',
    help: 'Number of open file descriptors.',
    registers: [registry],
    collect() {
      try {
        // Since Linux 6.2 the size of the folder is the number; before that it is zero, and they have to be listed.
        this.set(statSync(DESCRIPTORS).size || readdirSync(DESCRIPTORS).length - 1)
      } catch {
        // Unknown without /proc.
      }
    },
  })
}
