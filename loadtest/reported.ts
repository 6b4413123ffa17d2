/** What the report stands on, in its order: each scenario with TLS as companies run it first, and without. */
import type { StoreKind } from './lab/store.ts'
import type { TlsSides } from './lab/tls.ts'
import { USUAL_SIZE } from './measure/population.ts'
import { scenarioResultName } from './results/scenario-result.ts'

interface Reported {
  readonly scenario: string
  readonly tls: TlsSides
  readonly store: StoreKind
  readonly isWithPeers: boolean
  /** As in `--identities`; none: the usual population alone. */
  readonly identities: readonly number[]
  /** `session-tls-both` */
  readonly resultName: string
  /** `session, TLS on both sides` */
  readonly title: string
  /** What measures it. */
  readonly command: string
}

const titles: Readonly<Record<TlsSides, string>> = {
  none: '',
  client: ', TLS from clients',
  both: ', TLS on both sides',
}

function row(
  scenario: string,
  tls: TlsSides,
  identities: readonly number[] = [],
  store: StoreKind = 'sqlite',
): Reported {
  // Beside Redis nothing is compared: what counts is what Redis is asked.
  const isWithPeers = store === 'sqlite'
  const options = [
    ...['--scenario', scenario, '--tls', tls],
    ...(isWithPeers ? [] : ['--store', store]),
    ...(identities.length === 0 ? [] : ['--identities', identities.join()]),
    ...(isWithPeers ? ['--peers'] : []),
  ]
  return {
    ...{ scenario, tls, store, isWithPeers, identities },
    resultName: scenarioResultName({ scenario, store, tls }),
    title: `${scenario}${titles[tls]}${isWithPeers ? '' : ', with Redis'}`,
    command: `npm run loadtest -- ${options.join(' ')} --keep`,
  }
}

export const reported: readonly Reported[] = [
  ...[row('session', 'both'), row('session', 'client'), row('session', 'none', [USUAL_SIZE.sessions, 1, 100_000])],
  row('session', 'none', [], 'redis'),
  ...[row('bearer', 'both'), row('bearer', 'client'), row('bearer', 'none')],
  ...[row('pat-git', 'both'), row('pat-git', 'client')],
  row('pat-git', 'none', [USUAL_SIZE.personalAccessTokens, 1]),
  row('pat-git', 'none', [], 'redis'),
  ...[row('mission-day', 'both'), row('mission-day', 'none')],
  ...[row('bulk', 'both'), row('bulk', 'none'), row('bulk-up', 'both'), row('bulk-up', 'none')],
  row('handshake', 'client'),
  ...[row('impersonated', 'none'), row('negotiate', 'none')],
  ...[row('sign-in-storm', 'none'), row('idle-websockets', 'none')],
]
