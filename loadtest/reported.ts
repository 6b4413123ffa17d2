/** What the report stands on, in its order: each scenario with TLS as companies run it first, and without. */
import type { TlsSides } from './lab/tls.ts'
import { scenarioResultName } from './results/scenario-result.ts'

interface Reported {
  readonly scenario: string
  readonly tls: TlsSides
  /** `session-tls-both` */
  readonly resultName: string
  /** `session, TLS on both sides` */
  readonly title: string
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

const titles: Readonly<Record<TlsSides, string>> = {
  none: '',
  client: ', TLS from clients',
  both: ', TLS on both sides',
}

export const reported: readonly Reported[] = SIDES.flatMap(([scenario, ...all]) =>
  all.map(tls => ({ scenario, tls, resultName: scenarioResultName({ scenario, tls }), title: scenario + titles[tls] })),
)
