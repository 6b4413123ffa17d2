import { CHOSEN, type Description } from '../dashboard.ts'
import { each, rate } from '../expressions.ts'
import { timeSeries } from '../panel.ts'

const WORKER = '{{instance}} {{worker}}'
const INSTANCE = '{{instance}}'

/** Each worker by itself: the one that is unlike the others is the one to look for. */
export const workers: Description = {
  uid: 'torhaus-workers',
  title: 'Workers',
  description: 'Each worker by its process id: is one unlike the others?',
  rows: [
    {
      title: 'Event loop',
      height: 9,
      panels: [
        timeSeries(
          { title: 'Busy', question: 'Which can do no more? 1 is all of its time.', unit: 'percentunit' },
          { expression: rate('torhaus_worker_event_loop_busy_seconds_total'), legend: WORKER },
        ),
        timeSeries(
          { title: 'Late, 99 %', question: 'Which keeps its requests waiting?', unit: 's' },
          { expression: each('torhaus_worker_event_loop_delay_p99_seconds'), legend: WORKER },
        ),
        timeSeries(
          { title: 'Late, at worst', question: 'Which stood still for a moment?', unit: 's' },
          { expression: each('torhaus_worker_event_loop_delay_max_seconds'), legend: WORKER },
        ),
      ],
    },
    {
      title: 'Requests',
      height: 9,
      panels: [
        timeSeries(
          { title: 'Requests', question: 'Does each have its share?', unit: 'reqps' },
          {
            expression: `sum by (instance, worker) (${rate('torhaus_worker_requests_total')})`,
            legend: WORKER,
          },
        ),
        timeSeries(
          { title: 'Failing', question: 'Does one fail what others can?', unit: 'reqps' },
          {
            expression: `sum by (instance, worker) (${rate('torhaus_worker_requests_total', ',outcome="failed"')}) or 0 * sum by (instance, worker) (${rate('torhaus_worker_requests_total')})`,
            legend: WORKER,
          },
        ),
        timeSeries(
          { title: 'Time of a decision, on average', question: 'Does one decide more slowly?', unit: 's' },
          { expression: `torhaus:worker_decision_seconds:mean5m{${CHOSEN}}`, legend: WORKER },
        ),
      ],
    },
    {
      title: 'What each uses',
      height: 9,
      panels: [
        timeSeries(
          { title: 'Processor', question: 'Which one is at work?', unit: 'percentunit' },
          { expression: rate('torhaus_worker_cpu_seconds_total'), legend: WORKER },
        ),
        timeSeries(
          { title: 'Memory', question: 'Does one grow without end?', unit: 'bytes' },
          { expression: each('torhaus_worker_resident_memory_bytes'), legend: WORKER },
        ),
        timeSeries(
          { title: 'Descriptors', question: 'Does one run out of them?', unit: 'percentunit' },
          {
            expression: `${each('torhaus_worker_open_fds')} / ${each('torhaus_worker_max_fds')}`,
            legend: WORKER,
          },
        ),
      ],
    },
    {
      title: 'Their life',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Workers', question: 'Are there as many as there should be?', unit: 'none' },
          { expression: each('torhaus_workers'), legend: INSTANCE },
          { expression: each('torhaus_workers_wanted'), legend: `wanted ${INSTANCE}` },
          { expression: `sum by (instance) (${each('torhaus_worker_answering')})`, legend: `answering ${INSTANCE}` },
        ),
        timeSeries(
          { title: 'Died and killed', question: 'Do they end by themselves, or stand still?', unit: 'none' },
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
          { title: 'Reloads', question: 'Is the configuration of the file in force?', unit: 'none' },
          { expression: each('torhaus_config_last_reload_successful'), legend: `in force ${INSTANCE}` },
          {
            expression: `increase(${each('torhaus_config_reloads_total')}[$__rate_interval])`,
            legend: `{{outcome}} ${INSTANCE}`,
          },
        ),
        timeSeries(
          { title: 'Log and clock', question: 'Are records lost, or is the clock set?', unit: 'none' },
          {
            expression: `increase(${each('torhaus_log_writes_failed_total')}[$__rate_interval])`,
            legend: `lost writes ${INSTANCE}`,
          },
          {
            expression: `increase(${each('torhaus_clock_jumps_total')}[$__rate_interval])`,
            legend: `clock set ${INSTANCE}`,
          },
        ),
      ],
    },
    {
      title: 'What waits in them',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Pipelined requests', question: 'Do clients send more than they may?', unit: 'short' },
          { expression: each('torhaus_pipelined_requests'), legend: INSTANCE },
        ),
        timeSeries(
          {
            title: 'Content of strangers',
            question: 'How much is kept of who has not proven anything?',
            unit: 'bytes',
          },
          { expression: each('torhaus_unproven_content_bytes'), legend: INSTANCE },
        ),
        timeSeries(
          { title: 'Garbage collection', question: 'Does it stop the workers?', unit: 'percentunit' },
          {
            expression: `sum by (instance, kind) (${rate('nodejs_gc_duration_seconds_sum')})`,
            legend: `{{kind}} ${INSTANCE}`,
          },
        ),
      ],
    },
  ],
}
