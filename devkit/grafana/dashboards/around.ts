import { CHOSEN, type Description } from '../dashboard.ts'
import { each, perInstance, rate } from '../expressions.ts'
import { stat, table, timeSeries } from '../panel.ts'

const failing = (codes: string) => `sum by (code) (${rate('torhaus_requests_total', `,code=~"${codes}"`)}) or vector(0)`

/** What Torhaus needs to do its work. */
export const around: Description = {
  uid: 'torhaus-around',
  title: 'Dependencies',
  description: 'The origin server, the OP, the KDC, the store and the certificates.',
  rows: [
    {
      title: 'Origin server',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Connections', question: 'Are connections available, or do requests wait for one?', unit: 'short' },
          { expression: each('torhaus_upstream_connections'), legend: 'open {{instance}}' },
          { expression: each('torhaus_upstream_idle_connections'), legend: 'idle {{instance}}' },
          { expression: each('torhaus_upstream_queued_requests'), legend: 'waiting {{instance}}' },
          { expression: each('torhaus_upstream_unproven_requests'), legend: 'unproven {{instance}}' },
        ),
        timeSeries(
          { title: 'Connection turnover', question: 'Are connections reused, or opened again and again?', unit: 'ops' },
          {
            expression: perInstance('torhaus_upstream_opened_connections_total'),
            legend: 'opened {{instance}}',
          },
          {
            expression: perInstance('torhaus_upstream_evicted_connections_total'),
            legend: 'evicted {{instance}}',
          },
          {
            expression: perInstance('torhaus_upstream_bound_connections_total'),
            legend: 'authenticated {{instance}}',
          },
          {
            expression: perInstance('torhaus_upstream_unasked_connections_total'),
            legend: 'unasked {{instance}}',
          },
        ),
        timeSeries(
          { title: 'Time to first byte', question: 'Is the origin server slow?', unit: 's' },
          { expression: `torhaus:upstream_first_byte_seconds:p99_rate5m{${CHOSEN}}`, legend: '99 % {{instance}}' },
        ),
        timeSeries(
          {
            title: 'Failures by code',
            question: 'Is the origin server unreachable, or does it abort responses?',
            unit: 'reqps',
          },
          { expression: failing('upstream-.*|response-content-.*'), legend: '{{code}}' },
        ),
      ],
    },
    {
      title: 'OP',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Session refreshes', question: 'Does the OP answer?', unit: 'ops' },
          { expression: `sum by (outcome) (${rate('torhaus_session_refreshes_total')})`, legend: '{{outcome}}' },
        ),
        timeSeries(
          { title: 'Failures by code', question: 'Is the OP unreachable, or are its answers invalid?', unit: 'reqps' },
          { expression: failing('op-.*|sign-in-refused'), legend: '{{code}}' },
        ),
      ],
    },
    {
      title: 'Kerberos (if `kerberos` is configured)',
      height: 8,
      panels: [
        stat(
          {
            title: 'KDC circuit breaker',
            question: 'Does Torhaus send requests to the KDC (0), or pause after failures (1)?',
            unit: 'none',
          },
          { expression: `max(${each('torhaus_kdc_circuit_open')})`, legend: 'circuit open' },
          [1, 1],
        ),
        timeSeries(
          { title: 'Calls to the KDC', question: 'How many calls are started, and how many fail?', unit: 'ops' },
          {
            expression: perInstance('torhaus_kdc_calls_started_total'),
            legend: 'started {{instance}}',
          },
          {
            expression: perInstance('torhaus_kdc_calls_failed_total'),
            legend: 'failed {{instance}}',
          },
        ),
        timeSeries(
          { title: 'KDCs', question: 'Which KDC does not answer?', unit: 'none' },
          { expression: `min by (kdc) (${each('torhaus_kdc_up')})`, legend: '{{kdc}}' },
        ),
        timeSeries(
          { title: 'KDC response time', question: 'Which KDC is slow?', unit: 's' },
          {
            expression: `histogram_quantile(0.99, sum by (kdc, le) (${rate('torhaus_kdc_answer_duration_seconds_bucket')}))`,
            legend: '99 % {{kdc}}',
          },
        ),
        timeSeries(
          { title: 'KDC failures', question: 'How do KDCs fail?', unit: 'ops' },
          {
            expression: `sum by (kdc, failure) (${rate('torhaus_kdc_failures_total')})`,
            legend: '{{kdc}} {{failure}}',
          },
        ),
        timeSeries(
          { title: 'KDC calls in progress', question: 'Are calls queueing?', unit: 'short' },
          { expression: each('torhaus_kdc_calls_running'), legend: 'running {{instance}}' },
          { expression: each('torhaus_kdc_calls_queued'), legend: 'waiting {{instance}}' },
        ),
        timeSeries(
          {
            title: 'Impersonation',
            question: 'How many accounts are impersonated, and how many are cached?',
            unit: 'ops',
          },
          {
            expression: perInstance('torhaus_impersonations_total'),
            legend: 'accounts {{instance}}',
          },
          {
            expression: perInstance('torhaus_impersonation_tokens_total'),
            legend: 'tokens {{instance}}',
          },
          { expression: each('torhaus_cached_principals'), legend: 'cached {{instance}}' },
        ),
        stat(
          {
            title: 'Identity mismatches',
            question: 'Was a ticket issued for the wrong account? This must be 0.',
            unit: 'none',
          },
          { expression: `sum(${each('torhaus_identity_mismatches_total')})`, legend: 'mismatches' },
          [1, 1],
        ),
      ],
    },
    {
      title: 'Store',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Store up', question: 'Can the store be read and written?', unit: 'none' },
          { expression: each('torhaus_store_up'), legend: '{{instance}}' },
        ),
        timeSeries(
          { title: 'Command duration (Redis)', question: 'Is Redis slow?', unit: 's' },
          {
            expression: `histogram_quantile(0.99, sum by (instance, le) (${rate('torhaus_store_duration_seconds_bucket')}))`,
            legend: '99 % {{instance}}',
          },
        ),
        timeSeries(
          { title: 'Errors (Redis)', question: 'Do commands fail?', unit: 'ops' },
          { expression: perInstance('torhaus_store_errors_total'), legend: 'errors {{instance}}' },
          {
            expression: perInstance('torhaus_store_messages_malformed_total'),
            legend: 'malformed messages {{instance}}',
          },
        ),
        timeSeries(
          {
            title: 'Clock difference (Redis)',
            question: 'Do the clocks of this machine and of Redis agree?',
            unit: 's',
          },
          { expression: each('torhaus_store_clock_difference_seconds'), legend: '{{instance}}' },
        ),
      ],
    },
    {
      title: 'Certificates and versions',
      height: 8,
      panels: [
        table(
          { title: 'Certificate expiry', question: 'Which certificate expires first?', unit: 's' },
          {
            expression: `sort(${each('torhaus_certificate_not_after_timestamp_seconds')} - time())`,
            legend: '{{option}}',
          },
          [14 * 86_400, 2 * 86_400],
        ),
        table(
          { title: 'Versions', question: 'Which version runs where?', unit: 'none' },
          { expression: each('torhaus_build_info'), legend: '{{version}}' },
        ),
        table(
          { title: 'Uptime', question: 'How long has each instance been running?', unit: 's' },
          { expression: `time() - process_start_time_seconds{${CHOSEN},job="torhaus"}`, legend: '{{instance}}' },
        ),
      ],
    },
  ],
}
