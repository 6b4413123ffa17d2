/** Metrics whose values are kept elsewhere, and read when the metrics are requested. */
import { type Aggregator, Gauge, type Registry } from 'prom-client'
import type { DirectoryStatistics } from '../kerberos/directory.ts'
import type { UpstreamStatistics } from '../upstream/upstream.ts'
import { registerCounter } from './counters.ts'
import type { MetricSources } from './metric-sources.ts'

export function observeSources(registry: Registry, sources: MetricSources): void {
  const register: Register = {
    gauge(name, help, read, aggregator = 'sum') {
      new Gauge({
        ...{ name, help, aggregator },
        registers: [registry],
        collect() {
          this.set(read())
        },
      })
    },
    labelledGauge(name, help, label, read, aggregator) {
      new Gauge({
        ...{ name, help, aggregator, labelNames: [label] },
        registers: [registry],
        collect() {
          this.reset()
          for (const [labelValue, value] of read()) this.set({ [label]: labelValue }, value)
        },
      })
    },
    counter: (name, help, read) => registerCounter(registry, name, help, read),
  }
  observeUpstream(register, sources.upstream)
  observeClients(register, sources)
  observeStore(register, sources)
  if (sources.directory !== undefined) observeDirectory(register, sources.directory)
}

interface Register {
  /** `aggregator`: what several workers have together. */
  gauge(name: string, help: string, read: () => number, aggregator?: Aggregator): void
  /** A value for each of the label; what is not read any more is gone. */
  labelledGauge(
    name: string,
    help: string,
    label: string,
    read: () => readonly (readonly [labelValue: string, value: number])[],
    aggregator: Aggregator,
  ): void
  counter(name: string, help: string, read: () => number): void
}

function observeUpstream({ gauge, counter }: Register, upstream: () => UpstreamStatistics): void {
  gauge('torhaus_upstream_connections', 'Connections to the upstream, open or opening.', () => upstream().connections)
  gauge('torhaus_upstream_idle_connections', 'Connections to the upstream without a request.', () => upstream().idle)
  gauge('torhaus_upstream_queued_requests', 'Requests waiting for a connection.', () => upstream().queued)
  gauge(
    'torhaus_upstream_unproven_requests',
    'Connections to the upstream with a request of somebody who has not proven who it is.',
    () => upstream().unproven,
  )
  counter(
    'torhaus_upstream_opened_connections_total',
    'Connections to the upstream opened so far.',
    () => upstream().opened,
  )
  counter(
    'torhaus_upstream_evicted_connections_total',
    'Idle connections closed so far to make room.',
    () => upstream().evicted,
  )
  counter(
    'torhaus_upstream_bound_connections_total',
    'Shared connections closed so far since the server keeps authentication on them.',
    () => upstream().bound,
  )
  counter(
    'torhaus_upstream_unasked_connections_total',
    'Connections closed so far since something came on them that answers no request.',
    () => upstream().unasked,
  )
}

function observeClients(
  { gauge }: Register,
  { clientConnections, pipelinedRequests, unprovenContentBytes, tunnels }: MetricSources,
): void {
  gauge('torhaus_client_connections', 'Open client connections.', clientConnections)
  gauge(
    'torhaus_pipelined_requests',
    'Requests held until the one before them on their connection is answered.',
    pipelinedRequests,
  )
  gauge(
    'torhaus_unproven_content_bytes',
    'Content kept of requests of somebody who has not proven who it is.',
    unprovenContentBytes,
  )
  gauge('torhaus_tunnels', 'Open WebSockets.', tunnels)
}

function observeStore(
  { gauge }: Register,
  { unrecognisedPats, isStoreAvailable, clockDifferenceMs }: MetricSources,
): void {
  gauge(
    'torhaus_unrecognised_blocked_pats',
    'Blocked personal access tokens whose fingerprint is of a key that is gone. Must stay 0.',
    unrecognisedPats,
    // Each worker counts the same store.
    'max',
  )
  gauge('torhaus_store_up', '1 while the store answers.', () => Number(isStoreAvailable()), 'min')
  if (clockDifferenceMs !== undefined)
    gauge(
      'torhaus_store_clock_difference_seconds',
      'How far the clock of this machine differs from that of the store, either way.',
      () => Math.abs(clockDifferenceMs() ?? 0) / 1000,
      'max',
    )
}

function observeDirectory({ gauge, labelledGauge, counter }: Register, directory: () => DirectoryStatistics): void {
  gauge(
    'torhaus_kdc_circuit_open',
    '1 while the KDC is not asked, after repeated failures.',
    () => (directory().circuit === 'closed' ? 0 : 1),
    'max',
  )
  gauge('torhaus_kdc_calls_running', 'Calls to the KDC under way.', () => directory().kdcCallsRunning)
  gauge('torhaus_kdc_calls_queued', 'Calls to the KDC that wait for their turn.', () => directory().kdcCallsQueued)
  counter('torhaus_kdc_calls_started_total', 'Calls to the KDC so far.', () => directory().kdc.started)
  counter(
    'torhaus_kdc_calls_failed_total',
    'Calls so far that the KDC did not answer, or not with sense.',
    () => directory().kdc.failed,
  )
  counter(
    'torhaus_impersonations_total',
    'Accounts impersonated so far (S4U2self).',
    () => directory().impersonation.impersonations,
  )
  counter(
    'torhaus_impersonation_tokens_total',
    'Tokens made so far for the upstream.',
    () => directory().impersonation.tokens,
  )
  counter(
    'torhaus_identity_mismatches_total',
    'Tokens not used because they were for another account. Must stay 0.',
    () => directory().impersonation.identityMismatches,
  )
  labelledGauge(
    'torhaus_kdc_up',
    '1 where this KDC answered when it was asked last; with several workers, each of them.',
    'kdc',
    () =>
      directory()
        .kdcs.filter(({ last }) => last !== undefined)
        .map(({ kdc, last }) => [kdc, Number(last === 'answered')] as const),
    'min',
  )
  gauge('torhaus_cached_principals', 'Accounts whose tickets are kept.', () => directory().principals)
}
