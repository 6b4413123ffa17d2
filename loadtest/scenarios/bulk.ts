import { pageRequest } from '../credential-fields.ts'
import type { Scenario } from '../scenario.ts'

export const bulk: Scenario = {
  kind: 'transfer',
  name: 'bulk',
  description: 'One response of 1 GB after the other, with a personal access token; a request here is one of them.',
  openidc: 'oauth20',
  maxUpstreamSockets: 8,
  count: 1,
  request: credentials => pageRequest(credentials, 'pat', '1g'),
  uploadBytes: undefined,
}
