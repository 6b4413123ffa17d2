/** What the report stands on, in its order: each scenario with TLS as companies run it first, and without. */
import type { TlsSides } from './lab/tls.ts'
import { USUAL_SIZE } from './measure/population.ts'
import { scenarioResultName } from './results/scenario-result.ts'

interface Reported {
  readonly scenario: string
  readonly tls: TlsSides
  /** `session-tls-both` */
  readonly resultName: string
  /** `session, TLS on both sides` */
  readonly title: string
  /** As in `--identities`; none: the usual population alone. */
  readonly identities: readonly number[]
}

const SIDES: readonly (readonly [scenario: string, ...TlsSides[]])[] = [
  ['session', 'both', 'client', 'none'],
  ['bearer', 'both', 'client', 'none'],
  ['pat-git', 'both', 'client', 'none'],
  ['mission-day', 'both', 'none'],
  ['bulk', 'both', 'none'],
  ['bulk-up', 'both', 'none'],
  ['handshake', 'client'],
  ['impersonated', 'none'],
  ['negotiate', 'none'],
  ['sign-in-storm', 'none'],
  ['idle-websockets', 'none'],
]

/** What many cost beside one: by the name of the result. */
const compared: Readonly<Record<string, readonly number[]>> = {
  session: [USUAL_SIZE.sessions, 1, 100_000],
  'pat-git': [USUAL_SIZE.personalAccessTokens, 1],
}

const titles: Readonly<Record<TlsSides, string>> = {
  none: '',
  client: ', TLS from clients',
  both: ', TLS on both sides',
}

export const reported: readonly Reported[] = SIDES.flatMap(([scenario, ...all]) =>
  all.map(tls => {
    const resultName = scenarioResultName({ scenario, tls })
    return { scenario, tls, resultName, title: scenario + titles[tls], identities: compared[resultName] ?? [] }
  }),
)
