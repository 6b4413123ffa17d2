import { CHOSEN, type Description } from '../dashboard.ts'
import { each, perInstance, rate } from '../expressions.ts'
import { stat, table, timeSeries } from '../panel.ts'

const failing = (codes: string) => `sum by (code) (${rate('torhaus_requests_total', `,code=~"${codes}"`)}) or vector(0)`

/** What Torhaus needs to do its work. */
export const around: Description = {
  uid: 'torhaus-around',
  title: 'Around it',
  description: 'The origin server, the OP, the KDC, the store and the certificates.',
  rows: [
    {
      title: 'Origin server',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Connections', question: 'Are there connections left, and does somebody wait?', unit: 'short' },
          { expression: each('torhaus_upstream_connections'), legend: 'open {{instance}}' },
          { expression: each('torhaus_upstream_idle_connections'), legend: 'idle {{instance}}' },
          { expression: each('torhaus_upstream_queued_requests'), legend: 'waiting {{instance}}' },
          { expression: each('torhaus_upstream_unproven_requests'), legend: 'of strangers {{instance}}' },
        ),
        timeSeries(
          { title: 'Opened and evicted', question: 'Are connections kept, or opened again and again?', unit: 'ops' },
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
          { title: 'Until its first byte', question: 'Is it slow?', unit: 's' },
          { expression: `torhaus:upstream_first_byte_seconds:p99_rate5m{${CHOSEN}}`, legend: '99 % {{instance}}' },
        ),
        timeSeries(
          { title: 'What went wrong with it', question: 'Is it away, or does it break off?', unit: 'reqps' },
          { expression: failing('upstream-.*|response-content-.*'), legend: '{{code}}' },
        ),
      ],
    },
    {
      title: 'OP',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Questions about sessions', question: 'Does it answer?', unit: 'ops' },
          { expression: `sum by (outcome) (${rate('torhaus_session_refreshes_total')})`, legend: '{{outcome}}' },
        ),
        timeSeries(
          { title: 'What went wrong with it', question: 'Is it away, or does it answer nonsense?', unit: 'reqps' },
          { expression: failing('op-.*|sign-in-refused'), legend: '{{code}}' },
        ),
      ],
    },
    {
      title: 'Kerberos (with the section `kerberos`)',
      height: 8,
      panels: [
        stat(
          { title: 'KDC', question: 'Is it asked (0), or left alone after failures (1)?', unit: 'none' },
          { expression: `max(${each('torhaus_kdc_circuit_open')})`, legend: 'circuit open' },
          [1, 1],
        ),
        timeSeries(
          { title: 'Calls to the KDC', question: 'Does it answer in time?', unit: 'ops' },
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
          { title: 'Each KDC (native)', question: 'Which one does not answer?', unit: 'none' },
          { expression: `min by (kdc) (${each('torhaus_kdc_up')})`, legend: '{{kdc}}' },
        ),
        timeSeries(
          { title: 'Time of an answer (native)', question: 'Which one is slow?', unit: 's' },
          {
            expression: `histogram_quantile(0.99, sum by (kdc, le) (${rate('torhaus_kdc_answer_duration_seconds_bucket')}))`,
            legend: '99 % {{kdc}}',
          },
        ),
        timeSeries(
          { title: 'What went wrong (native)', question: 'Is one silent, away, or talking nonsense?', unit: 'ops' },
          {
            expression: `sum by (kdc, failure) (${rate('torhaus_kdc_failures_total')})`,
            legend: '{{kdc}} {{failure}}',
          },
        ),
        timeSeries(
          { title: 'Under way', question: 'Do calls wait for their turn?', unit: 'short' },
          { expression: each('torhaus_kdc_calls_running'), legend: 'running {{instance}}' },
          { expression: each('torhaus_kdc_calls_queued'), legend: 'waiting {{instance}}' },
        ),
        timeSeries(
          { title: 'Impersonation', question: 'Are tickets made, or taken from the cache?', unit: 'ops' },
          {
            expression: perInstance('torhaus_impersonations_total'),
            legend: 'accounts {{instance}}',
          },
          {
            expression: perInstance('torhaus_impersonation_tokens_total'),
            legend: 'tokens {{instance}}',
          },
          { expression: each('torhaus_cached_principals'), legend: 'kept {{instance}}' },
        ),
        stat(
          { title: 'For somebody else', question: 'Was a ticket for another account? It must never be.', unit: 'none' },
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
          { title: 'Works', question: 'Can it be read and written?', unit: 'none' },
          { expression: each('torhaus_store_up'), legend: '{{instance}}' },
        ),
        timeSeries(
          { title: 'Time of a command (Redis)', question: 'Is it slow?', unit: 's' },
          {
            expression: `histogram_quantile(0.99, sum by (instance, le) (${rate('torhaus_store_duration_seconds_bucket')}))`,
            legend: '99 % {{instance}}',
          },
        ),
        timeSeries(
          { title: 'Errors (Redis)', question: 'Are commands refused?', unit: 'ops' },
          { expression: perInstance('torhaus_store_errors_total'), legend: 'errors {{instance}}' },
          {
            expression: perInstance('torhaus_store_messages_malformed_total'),
            legend: 'malformed messages {{instance}}',
          },
        ),
        timeSeries(
          { title: 'Clock (Redis)', question: 'Do the machines agree on the time?', unit: 's' },
          { expression: each('torhaus_store_clock_difference_seconds'), legend: '{{instance}}' },
        ),
      ],
    },
    {
      title: 'Certificates and versions',
      height: 8,
      panels: [
        table(
          { title: 'Certificates', question: 'Which one ends first?', unit: 's' },
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
          { title: 'Up for', question: 'When was it started?', unit: 's' },
          { expression: `time() - process_start_time_seconds{${CHOSEN},job="torhaus"}`, legend: '{{instance}}' },
        ),
      ],
    },
  ],
}
