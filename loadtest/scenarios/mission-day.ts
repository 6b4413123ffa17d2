import { pageRequest } from '../credential-fields.ts'
import type { LoadRequest, Scheme } from '../load.ts'
import type { Scenario } from '../scenario.ts'

/** Twenty requests with 100 KB on average: twelve of 1 KB, six of 100 KB, two of 700 KB, by three kinds of client. */
const SIZES = ['1k', '100k', '1k', '1k', '700k', '1k', '100k', '1k', '1k', '100k'] as const
const SCHEMES: readonly Scheme[] = ['session', 'pat', 'session', 'bearer', 'pat', 'session', 'pat']

export const missionDay: Scenario = {
  kind: 'requests',
  name: 'mission-day',
  description: 'Sessions, Bearer and personal access tokens; responses of 1, 100 and 700 KB, 100 KB on average.',
  openidc: 'auth-openidc',
  connections: 64,
  requestsPerSecond: 3000,
  requestsPerSecondOverTls: 400,
  maxUpstreamSockets: 128,
  requests: credentials =>
    Array.from({ length: SIZES.length * SCHEMES.length }, (_, index): LoadRequest => {
      const scheme = SCHEMES[index % SCHEMES.length] ?? 'pat'
      return pageRequest(credentials, scheme, SIZES[index % SIZES.length] ?? '1k')
    }),
}
