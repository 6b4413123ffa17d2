import { CHOSEN, type Description } from '../dashboard.ts'
import { each, rate } from '../expressions.ts'
import { timeSeries } from '../panel.ts'

const WORKER = '{{instance}} {{worker}}'
const INSTANCE = '{{instance}}'

/** Each worker by itself: the one that is unlike the others is the one to look for. */
export const workers: Description = {
  uid: 'torhaus-workers',
  title: 'Workers',
  description: 'Each worker by process id: does one differ from the others?',
  rows: [
    {
      title: 'Event loop',
      height: 9,
      panels: [
        timeSeries(
          {
            title: 'Utilisation',
            question: 'Which worker is saturated? 100 % means no idle time.',
            unit: 'percentunit',
          },
          { expression: rate('torhaus_worker_event_loop_busy_seconds_total'), legend: WORKER },
        ),
        timeSeries(
          { title: 'Delay, 99th percentile', question: 'Which worker keeps requests waiting?', unit: 's' },
          { expression: each('torhaus_worker_event_loop_delay_p99_seconds'), legend: WORKER },
        ),
        timeSeries(
          { title: 'Delay, maximum', question: 'Which worker was blocked for a moment?', unit: 's' },
          { expression: each('torhaus_worker_event_loop_delay_max_seconds'), legend: WORKER },
        ),
      ],
    },
    {
      title: 'Requests',
      height: 9,
      panels: [
        timeSeries(
          { title: 'Requests', question: 'Is the load spread evenly?', unit: 'reqps' },
          {
            expression: `sum by (instance, worker) (${rate('torhaus_worker_requests_total')})`,
            legend: WORKER,
          },
        ),
        timeSeries(
          { title: 'Failed requests', question: 'Does one worker fail more requests than the others?', unit: 'reqps' },
          {
            expression: `sum by (instance, worker) (${rate('torhaus_worker_requests_total', ',outcome="failed"')}) or 0 * sum by (instance, worker) (${rate('torhaus_worker_requests_total')})`,
            legend: WORKER,
          },
        ),
        timeSeries(
          { title: 'Mean decision time', question: 'Is one worker slower than the others?', unit: 's' },
          { expression: `torhaus:worker_decision_seconds:mean5m{${CHOSEN}}`, legend: WORKER },
        ),
      ],
    },
    {
      title: 'Resources',
      height: 9,
      panels: [
        timeSeries(
          { title: 'CPU', question: 'How much CPU time does each worker use?', unit: 'percentunit' },
          { expression: rate('torhaus_worker_cpu_seconds_total'), legend: WORKER },
        ),
        timeSeries(
          { title: 'Memory', question: 'Does the memory of a worker keep growing?', unit: 'bytes' },
          { expression: each('torhaus_worker_resident_memory_bytes'), legend: WORKER },
        ),
        timeSeries(
          { title: 'File descriptors', question: 'Is a worker running out of file descriptors?', unit: 'percentunit' },
          {
            expression: `${each('torhaus_worker_open_fds')} / ${each('torhaus_worker_max_fds')}`,
            legend: WORKER,
          },
        ),
      ],
    },
    {
      title: 'Life cycle',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Workers', question: 'Are all wanted workers running and answering?', unit: 'none' },
          { expression: each('torhaus_workers'), legend: INSTANCE },
          { expression: each('torhaus_workers_wanted'), legend: `wanted ${INSTANCE}` },
          { expression: `sum by (instance) (${each('torhaus_worker_answering')})`, legend: `answering ${INSTANCE}` },
        ),
        timeSeries(
          { title: 'Died and killed', question: 'Do workers crash, or hang and get killed?', unit: 'none' },
          {
            expression: `increase(${each('torhaus_worker_restarts_total')}[$__rate_interval])`,
            legend: `died ${INSTANCE}`,
          },
          {
            expression: `increase(${each('torhaus_workers_killed_total')}[$__rate_interval])`,
            legend: `killed for {{silent}} ${INSTANCE}`,
          },
        ),
        timeSeries(
          { title: 'Reloads', question: 'Did the last reload succeed?', unit: 'none' },
          { expression: each('torhaus_config_last_reload_successful'), legend: `in force ${INSTANCE}` },
          {
            expression: `increase(${each('torhaus_config_reloads_total')}[$__rate_interval])`,
            legend: `{{outcome}} ${INSTANCE}`,
          },
        ),
        timeSeries(
          { title: 'Log and clock', question: 'Were log records lost, or was the clock changed?', unit: 'none' },
          {
            expression: `increase(${each('torhaus_log_writes_failed_total')}[$__rate_interval])`,
            legend: `failed writes ${INSTANCE}`,
          },
          {
            expression: `increase(${each('torhaus_clock_jumps_total')}[$__rate_interval])`,
            legend: `clock changed ${INSTANCE}`,
          },
        ),
      ],
    },
    {
      title: 'Queues and garbage collection',
      height: 8,
      panels: [
        timeSeries(
          {
            title: 'Pipelined requests',
            question: 'How many requests wait behind another on the same connection?',
            unit: 'short',
          },
          { expression: each('torhaus_pipelined_requests'), legend: INSTANCE },
        ),
        timeSeries(
          {
            title: 'Content from unproven clients',
            question: 'How much memory holds content from clients that are not proven yet?',
            unit: 'bytes',
          },
          { expression: each('torhaus_unproven_content_bytes'), legend: INSTANCE },
        ),
        timeSeries(
          {
            title: 'Garbage collection',
            question: 'How much time do workers spend in garbage collection?',
            unit: 'percentunit',
          },
          {
            expression: `sum by (instance, kind) (${rate('nodejs_gc_duration_seconds_sum')})`,
            legend: `{{kind}} ${INSTANCE}`,
          },
        ),
      ],
    },
  ],
}
