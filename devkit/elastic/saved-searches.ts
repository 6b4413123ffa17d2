/** What operators and auditors look for in the records, in the query language of Kibana. */
export interface SavedSearch {
  readonly id: string
  readonly title: string
  /** The question that it answers. */
  readonly question: string
  /** Only `field : "value"`, `and`, `or` and parentheses: that much other stores understand as well. */
  readonly query: string
  readonly columns: readonly string[]
}

const WHO = ['user.name', 'client.ip']
const REQUEST = ['url.path', 'http.response.status_code', 'torhaus.code', ...WHO]

export const savedSearches: readonly SavedSearch[] = [
  {
    id: 'torhaus-failed',
    title: 'Torhaus: failed requests',
    question: 'Which requests failed, and why?',
    query: 'event.action : "request" and torhaus.outcome : "failed"',
    columns: ['torhaus.stage', 'error.message', ...REQUEST],
  },
  {
    id: 'torhaus-refused',
    title: 'Torhaus: refused requests',
    question: 'Who was refused, and why?',
    query: 'event.action : "request" and (torhaus.outcome : "denied" or torhaus.outcome : "challenged")',
    columns: ['torhaus.scheme', 'torhaus.client_class', ...REQUEST],
  },
  {
    id: 'torhaus-left',
    title: 'Torhaus: disconnected clients',
    question: 'Does a balancer time out long requests? Then `event.duration` has the same value again and again.',
    query: 'event.action : "request" and torhaus.code : "client-aborted"',
    columns: ['event.duration', 'torhaus.client_class', ...REQUEST],
  },
  {
    id: 'torhaus-audit',
    title: 'Torhaus: security events',
    question: 'Which security events happened?',
    query: 'log.logger : "torhaus.audit"',
    columns: ['event.action', 'event.outcome', 'torhaus.code', ...WHO],
  },
  {
    id: 'torhaus-sign-ins',
    title: 'Torhaus: sign-ins',
    question: 'Who signed in, and who could not?',
    query: 'event.action : "sign-in" or event.action : "sign-in-refused"',
    columns: ['event.action', 'torhaus.code', ...WHO],
  },
  {
    id: 'torhaus-passwords',
    title: 'Torhaus: directory passwords',
    question: 'Which people and programs send directory passwords?',
    query: 'event.action : "request" and torhaus.scheme : "basic"',
    columns: ['user_agent.original', ...REQUEST],
  },
  {
    id: 'torhaus-ntlm',
    title: 'Torhaus: NTLM',
    question: 'Which programs still try NTLM, because they get no ticket?',
    query: 'event.action : "request" and torhaus.scheme : "ntlm"',
    columns: ['user_agent.original', ...REQUEST],
  },
  {
    id: 'torhaus-tokens',
    title: 'Torhaus: personal access tokens',
    question: 'Which programs use them?',
    query: 'event.action : "request" and torhaus.scheme : "pat"',
    columns: ['user_agent.original', ...REQUEST],
  },
  {
    id: 'torhaus-second-factor',
    title: 'Torhaus: missing second factors',
    question: 'Who was refused because there was no second factor?',
    query: 'torhaus.code : "second-factor-missing" or torhaus.code : "second-factor-stale"',
    columns: ['torhaus.client_class', 'user_agent.original', ...WHO],
  },
  {
    id: 'torhaus-itself',
    title: 'Torhaus: state of the service',
    question: 'What does the log say about store, OP, KDC, workers and configuration?',
    query: 'service.name : "torhaus" and (log.level : "warn" or log.level : "error")',
    columns: ['event.action', 'event.outcome', 'error.message', 'process.pid'],
  },
]
