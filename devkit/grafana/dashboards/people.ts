import { CHOSEN, type Description } from '../dashboard.ts'
import { perInstance, rate } from '../expressions.ts'
import { stat, table, timeSeries } from '../panel.ts'

const grown = (metric: string, more = '') => `increase(${metric}{${CHOSEN}${more}}[$__range])`
const scheme = (name: string) => `,scheme=~"${name}"`

/** Who comes, with what proof: the way to a second factor for everybody. */
export const people: Description = {
  uid: 'torhaus-people',
  title: 'People',
  description: 'Who signs in and how, and who still uses passwords, NTLM and old personal access tokens?',
  rows: [
    {
      title: 'Second factor',
      height: 6,
      panels: [
        stat(
          {
            title: 'Second-factor coverage',
            question: 'What share of admitted requests had a second factor, or a confirmation made with one?',
            unit: 'percentunit',
          },
          { expression: 'torhaus:second_factor:ratio_rate1h', legend: 'second factor' },
        ),
        timeSeries(
          { title: 'Admitted requests by policy', question: 'Which policy admitted them?', unit: 'reqps' },
          { expression: `sum by (policy) (${rate('torhaus_admissions_total')})`, legend: '{{policy}}' },
        ),
        timeSeries(
          { title: 'Refused without a second factor', question: 'Which programs are refused?', unit: 'reqps' },
          {
            expression: `sum by (client_class, code) (${rate('torhaus_requests_total', ',code=~"second-factor-.*"')})`,
            legend: '{{client_class}} {{code}}',
          },
        ),
      ],
    },
    {
      title: 'Sign-ins',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Sign-ins', question: 'Do sign-ins succeed, and if not, why?', unit: 'ops' },
          { expression: `sum by (event) (${rate('torhaus_sign_ins_total')})`, legend: '{{event}}' },
        ),
        timeSeries(
          { title: 'Confirmations', question: 'Do people confirm the access of their programs?', unit: 'ops' },
          { expression: `sum by (event) (${rate('torhaus_grants_total')})`, legend: '{{event}}' },
        ),
        timeSeries(
          { title: 'Session refreshes', question: 'Does the OP confirm that sessions are still valid?', unit: 'ops' },
          { expression: `sum by (outcome) (${rate('torhaus_session_refreshes_total')})`, legend: '{{outcome}}' },
        ),
        timeSeries(
          { title: 'Logouts sent by the OP', question: 'Do logouts at the OP reach Torhaus?', unit: 'ops' },
          {
            expression: `sum by (channel, outcome) (${rate('torhaus_op_logouts_total')})`,
            legend: '{{channel}} {{outcome}}',
          },
        ),
      ],
    },
    {
      title: 'Credentials to phase out',
      height: 9,
      panels: [
        timeSeries(
          { title: 'Requests by authentication scheme', question: 'Which credentials are in use?', unit: 'reqps' },
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
          { title: 'Personal access tokens', question: 'Which programs send personal access tokens?', unit: 'short' },
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
            title: 'Token events',
            question:
              'Are tokens new, from new networks, too old or blocked? `would_refuse` counts uses that a stricter policy would refuse.',
            unit: 'ops',
          },
          { expression: `sum by (event) (${rate('torhaus_pats_total')})`, legend: '{{event}}' },
        ),
        stat(
          {
            title: 'Uses that violate the policy',
            question: 'How many uses of old or unknown tokens were refused or reported?',
            unit: 'short',
          },
          {
            expression: `sum(${grown('torhaus_pats_total', ',event=~"refused|would_refuse"')})`,
            legend: 'uses',
          },
        ),
        stat(
          {
            title: 'Blocked tokens not recognised',
            question: 'Are there blocked tokens that would pass, because their key is missing?',
            unit: 'none',
          },
          { expression: `max(torhaus_unrecognised_blocked_pats{${CHOSEN}})`, legend: 'tokens' },
          [1, 1],
        ),
      ],
    },
    {
      title: 'Attacks and report-only rules',
      height: 8,
      panels: [
        timeSeries(
          { title: 'Invalid credentials', question: 'Is somebody guessing passwords or forging tokens?', unit: 'ops' },
          {
            expression: `sum by (code) (${rate('torhaus_requests_total', ',code=~"password-.*|bearer-.*|negotiate-.*|pat-unknown|token-unknown"')})`,
            legend: '{{code}}',
          },
        ),
        timeSeries(
          { title: 'Report-only rules', question: 'What would these rules refuse if they were enforced?', unit: 'ops' },
          { expression: `sum by (rule, code) (${rate('torhaus_report_only_total')})`, legend: '{{rule}} {{code}}' },
        ),
        timeSeries(
          {
            title: 'Mismatched identities',
            question: 'Does a request combine the session and the credentials of two people?',
            unit: 'ops',
          },
          { expression: perInstance('torhaus_binding_mismatches_total'), legend: '{{instance}}' },
        ),
      ],
    },
  ],
}
