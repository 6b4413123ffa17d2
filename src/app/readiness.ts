import type { Services } from './open-services.ts'

/** Whether one process takes requests, as `/readyz` tells. */
export interface Readiness {
  readonly ready: boolean
  /** Parts and how they are; shown at /readyz. */
  readonly parts: Readonly<Record<string, string>>
}

type ReadinessNeeds = Pick<Services, 'directory' | 'provider' | 'stores'>

export function readinessOf({ directory, provider, stores }: ReadinessNeeds, isDraining: boolean): Readiness {
  return {
    // One that was reached before may be away: what is known goes on, and taking every instance out would help nobody.
    ready: !isDraining && stores.wasReached(),
    parts: {
      listener: isDraining ? 'draining' : 'listening',
      store: stores.condition(),
      identityProvider: provider.isKnown ? 'known' : 'not reached yet',
      ...(directory === undefined ? {} : { kdcCircuit: directory.statistics().circuit }),
    },
  }
}
