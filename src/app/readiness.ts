import type { DirectoryStatistics } from '../kerberos/directory.ts'
import type { Op, Ops } from '../oidc/ops.ts'
import type { Services } from './open-services.ts'

/** Whether one process accepts requests, as reported by `/readyz`. */
export interface Readiness {
  readonly ready: boolean
  /** The state of each part, shown at /readyz. */
  readonly parts: Readonly<Record<string, string>>
}

type ReadinessNeeds = Pick<Services, 'directory' | 'ops' | 'stores'>

export function readinessOf({ directory, ops, stores }: ReadinessNeeds, isDraining: boolean): Readiness {
  return {
    // A store that becomes unavailable later does not count: known sessions continue, and taking every instance out of
    // service would help nobody.
    ready: !isDraining && stores.wasReached(),
    parts: {
      listener: isDraining ? 'draining' : 'listening',
      store: stores.condition(),
      ...Object.fromEntries(ops.all.map(op => [partOf(op, ops), op.provider.isKnown ? 'known' : 'not reached yet'])),
      ...(directory === undefined ? {} : kdcParts(directory.statistics())),
    },
  }
}

const kdcParts = ({ circuit, kdcs }: DirectoryStatistics) => ({
  kdcCircuit: circuit,
  ...Object.fromEntries(kdcs.map(({ kdc, last }) => [`kdc ${kdc}`, last ?? 'not asked yet'])),
})

const partOf = ({ name }: Op, { only }: Ops) => (only === undefined ? `identityProvider ${name}` : 'identityProvider')
