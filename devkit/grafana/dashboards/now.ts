import { CHOSEN, type Description } from '../dashboard.ts'
import { rate } from '../expressions.ts'
import { stat, timeSeries } from '../panel.ts'

const quantile = (of: number, metric: string, more = '') =>
  `histogram_quantile(${of}, sum by (le) (${rate(`${metric}_bucket`, more)}))`
const FORWARDED = ',outcome="forwarded"'
const LEFT = ',outcome="aborted"'

/** The first look, at any hour: is something wrong, and where does one go on looking? */
export const now: Description = {
  uid: 'torhaus-now',
  title: 'Overview',
  description: 'Is something wrong, and where should you look next?',
  rows: [
    {
      title: 'At a glance',
      height: 4,
      panels: [
        stat(
          { title: 'Alerts', question: 'How many alerts are firing?', unit: 'none' },
          { expression: 'count(ALERTS{alertname=~"Torhaus.*",alertstate="firing"}) or vector(0)', legend: 'firing' },
          [1, 1],
        ),
        stat(
          { title: 'Instances', question: 'How many instances answer?', unit: 'none' },
          { expression: `count(torhaus_workers{${CHOSEN}} > 0) or vector(0)`, legend: 'instances' },
          [2, 1],
        ),
        stat(
          { title: 'Workers missing', question: 'How many workers are not accepting requests?', unit: 'none' },
          { expression: `sum(torhaus_workers_wanted{${CHOSEN}} - torhaus_workers{${CHOSEN}})`, legend: 'missing' },
          [1, 2],
        ),
        stat(
          { title: 'Requests', question: 'How many requests are there?', unit: 'reqps' },
          { expression: `sum(${rate('torhaus_requests_total')})`, legend: 'requests' },
        ),
        stat(
          {
            title: 'Failure rate',
            question: 'What share of requests fails on the worst instance?',
            unit: 'percentunit',
          },
          { expression: `max(torhaus:failures:ratio_rate5m{${CHOSEN}})`, legend: 'failing' },
          [0.005, 0.02],
        ),
        stat(
          { title: 'Store', question: 'Does the store of every instance work?', unit: 'none' },
          { expression: `min(torhaus_store_up{${CHOSEN}})`, legend: 'up' },
          [1, 0],
        ),
        stat(
          { title: 'Next certificate expiry', question: 'How long until the first certificate expires?', unit: 's' },
          {
            expression: `min(torhaus_certificate_not_after_timestamp_seconds{${CHOSEN}}) - time()`,
            legend: 'left',
          },
          [14 * 86_400, 2 * 86_400],
        ),
        stat(
          { title: 'Versions', question: 'How many versions are running?', unit: 'none' },
          { expression: `count(count by (version) (torhaus_build_info{${CHOSEN}}))`, legend: 'versions' },
          [2, 3],
        ),
      ],
    },
    {
      title: 'Traffic',
      height: 9,
      panels: [
        timeSeries(
          { title: 'Requests by outcome', question: 'Do requests succeed?', unit: 'reqps' },
          { expression: `sum by (outcome) (${rate('torhaus_requests_total')})`, legend: '{{outcome}}' },
        ),
        timeSeries(
          { title: 'Unsuccessful requests by code', question: 'Why do requests not succeed?', unit: 'reqps' },
          {
            expression: `topk(10, sum by (code) (${rate('torhaus_requests_total', ',code!="none"')}))`,
            legend: '{{code}}',
          },
        ),
        timeSeries(
          { title: 'Requests by client class', question: 'Which kinds of client send requests?', unit: 'reqps' },
          { expression: `sum by (client_class) (${rate('torhaus_requests_total')})`, legend: '{{client_class}}' },
        ),
      ],
    },
    {
      title: 'Latency',
      height: 9,
      panels: [
        timeSeries(
          {
            title: 'Torhaus: decision time',
            question: 'How long do requests wait for Torhaus, per instance?',
            unit: 's',
          },
          {
            expression: `histogram_quantile(0.99, sum by (instance, le) (${rate('torhaus_decision_duration_seconds_bucket')}))`,
            legend: '99 % {{instance}}',
            withExemplars: true,
          },
          { expression: quantile(0.5, 'torhaus_decision_duration_seconds'), legend: '50 %' },
        ),
        timeSeries(
          {
            title: 'Origin server: time to first byte',
            question: 'How long do requests wait for the origin server?',
            unit: 's',
          },
          {
            expression: quantile(0.99, 'torhaus_upstream_first_byte_seconds'),
            legend: '99 %',
            withExemplars: true,
          },
          { expression: quantile(0.5, 'torhaus_upstream_first_byte_seconds'), legend: '50 %' },
        ),
        timeSeries(
          {
            title: 'Request duration by outcome',
            question: 'How long do requests take, including clones and downloads?',
            unit: 's',
          },
          { expression: quantile(0.99, 'torhaus_request_duration_seconds', FORWARDED), legend: '99 % forwarded' },
          {
            expression: `histogram_quantile(0.5, sum by (outcome, le) (${rate('torhaus_request_duration_seconds_bucket')}))`,
            legend: '50 % {{outcome}}',
            withExemplars: true,
          },
        ),
        timeSeries(
          {
            title: 'Time until clients disconnect',
            question: 'Does a balancer time out long requests? Then both percentiles are at the same value.',
            unit: 's',
          },
          { expression: quantile(0.5, 'torhaus_request_duration_seconds', LEFT), legend: '50 %', withExemplars: true },
          { expression: quantile(0.9, 'torhaus_request_duration_seconds', LEFT), legend: '90 %' },
        ),
      ],
    },
    {
      title: 'Content and connections',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Content', question: 'How much data is uploaded and downloaded?', unit: 'Bps' },
          { expression: `sum by (direction) (${rate('torhaus_content_bytes_total')})`, legend: '{{direction}}' },
        ),
        timeSeries(
          { title: 'Connections', question: 'How many connections and WebSockets are open?', unit: 'short' },
          { expression: `sum by (instance) (torhaus_client_connections{${CHOSEN}})`, legend: 'clients {{instance}}' },
          { expression: `sum by (instance) (torhaus_tunnels{${CHOSEN}})`, legend: 'WebSockets {{instance}}' },
        ),
        timeSeries(
          {
            title: 'Rejected connections',
            question: 'Why are connections closed before a valid request?',
            unit: 'ops',
          },
          { expression: `sum by (code) (${rate('torhaus_rejects_total')})`, legend: '{{code}}' },
        ),
      ],
    },
  ],
}
