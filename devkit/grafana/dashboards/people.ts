import { CHOSEN, type Description } from '../dashboard.ts'
import { perInstance, rate } from '../expressions.ts'
import { stat, table, timeSeries } from '../panel.ts'

const grown = (metric: string, more = '') => `increase(${metric}{${CHOSEN}${more}}[$__range])`
const scheme = (name: string) => `,scheme=~"${name}"`

/** Who comes, with what proof: the way to a second factor for everybody. */
export const people: Description = {
  uid: 'torhaus-people',
  title: 'People',
  description: 'Who comes, with what proof, and who still uses passwords, NTLM and old personal access tokens?',
  rows: [
    {
      title: 'Second factor',
      height: 6,
      panels: [
        stat(
          {
            title: 'With a second factor',
            question: 'Which part of what is let pass had one, or a confirmation by one?',
            unit: 'percentunit',
          },
          { expression: 'torhaus:second_factor:ratio_rate1h', legend: 'second factor' },
        ),
        timeSeries(
          { title: 'Let pass, by policy', question: 'Why was it let pass?', unit: 'reqps' },
          { expression: `sum by (policy) (${rate('torhaus_admissions_total')})`, legend: '{{policy}}' },
        ),
        timeSeries(
          { title: 'Refused for want of one', question: 'Which programs are kept out?', unit: 'reqps' },
          {
            expression: `sum by (client_class, code) (${rate('torhaus_requests_total', ',code=~"second-factor-.*"')})`,
            legend: '{{client_class}} {{code}}',
          },
        ),
      ],
    },
    {
      title: 'Signing in',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Sign-ins', question: 'Do people get in, and what stops them?', unit: 'ops' },
          { expression: `sum by (event) (${rate('torhaus_sign_ins_total')})`, legend: '{{event}}' },
        ),
        timeSeries(
          { title: 'Confirmations', question: 'Do people confirm their programs?', unit: 'ops' },
          { expression: `sum by (event) (${rate('torhaus_grants_total')})`, legend: '{{event}}' },
        ),
        timeSeries(
          { title: 'Sessions at the OP', question: 'Does the OP go on vouching for people?', unit: 'ops' },
          { expression: `sum by (outcome) (${rate('torhaus_session_refreshes_total')})`, legend: '{{outcome}}' },
        ),
        timeSeries(
          { title: 'Logouts told by the OP', question: 'Do logouts at the OP arrive?', unit: 'ops' },
          {
            expression: `sum by (channel, outcome) (${rate('torhaus_op_logouts_total')})`,
            legend: '{{channel}} {{outcome}}',
          },
        ),
      ],
    },
    {
      title: 'Who still uses what is to go',
      height: 9,
      panels: [
        timeSeries(
          { title: 'Requests by what was presented', question: 'What do people sign in with?', unit: 'reqps' },
          { expression: `sum by (scheme) (${rate('torhaus_requests_total')})`, legend: '{{scheme}}' },
        ),
        table(
          { title: 'Passwords', question: 'Which programs still send directory passwords?', unit: 'short' },
          {
            expression: `sum by (client_class, outcome) (${grown('torhaus_requests_total', scheme('basic'))}) > 0`,
            legend: '{{client_class}}',
          },
        ),
        table(
          { title: 'NTLM', question: 'Which programs still try NTLM?', unit: 'short' },
          {
            expression: `sum by (client_class) (${grown('torhaus_requests_total', scheme('ntlm'))}) > 0`,
            legend: '{{client_class}}',
          },
        ),
        table(
          { title: 'Personal access tokens', question: 'Which programs use them, and do they pass?', unit: 'short' },
          {
            expression: `sum by (client_class, outcome) (${grown('torhaus_requests_total', scheme('pat'))}) > 0`,
            legend: '{{client_class}}',
          },
        ),
      ],
    },
    {
      title: 'Personal access tokens',
      height: 8,
      panels: [
        timeSeries(
          {
            title: 'Events',
            question:
              'New, from new networks, too old or blocked? `would_refuse`: what a stricter policy would refuse.',
            unit: 'ops',
          },
          { expression: `sum by (event) (${rate('torhaus_pats_total')})`, legend: '{{event}}' },
        ),
        stat(
          {
            title: 'Old or unseen, refused or reported',
            question: 'How many uses does the policy object to?',
            unit: 'short',
          },
          {
            expression: `sum(${grown('torhaus_pats_total', ',event=~"refused|would_refuse"')})`,
            legend: 'uses',
          },
        ),
        stat(
          { title: 'Blocked, but unrecognised', question: 'Would blocked tokens pass?', unit: 'none' },
          { expression: `max(torhaus_unrecognised_blocked_pats{${CHOSEN}})`, legend: 'tokens' },
          [1, 1],
        ),
      ],
    },
    {
      title: 'Attacks, and rules on trial',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Wrong proofs', question: 'Is somebody guessing or forging?', unit: 'ops' },
          {
            expression: `sum by (code) (${rate('torhaus_requests_total', ',code=~"password-.*|bearer-.*|negotiate-.*|pat-unknown|token-unknown"')})`,
            legend: '{{code}}',
          },
        ),
        timeSeries(
          { title: 'Rules in report-only mode', question: 'What would break if they refused?', unit: 'ops' },
          { expression: `sum by (rule, code) (${rate('torhaus_report_only_total')})`, legend: '{{rule}} {{code}}' },
        ),
        timeSeries(
          { title: 'Two people in one request', question: 'Does somebody use sessions of others?', unit: 'ops' },
          { expression: perInstance('torhaus_binding_mismatches_total'), legend: '{{instance}}' },
        ),
      ],
    },
  ],
}
