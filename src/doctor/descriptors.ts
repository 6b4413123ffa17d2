import { descriptorLimit, loweredBounds, withinDescriptors } from '../listener/descriptor-limit.ts'
import type { Examination } from './examination.ts'

export const examineDescriptors: Examination = async ({ config }) => {
  const limit = descriptorLimit()
  const lowered = loweredBounds(config, withinDescriptors(config, limit))
  if (lowered.length === 0) return []
  return [
    {
      what: `the limit of file descriptors is ${limit}, so Torhaus lowers ${lowered.join(', ')}`,
      why: 'beyond these, connections are closed and requests wait',
      remedy:
        'set LimitNOFILE=65536 in the unit, or --ulimit nofile=65536:65536 for the container; run this check with the limits of the service',
      option: 'upstream.maxConnections',
      severity: limit < 4096 ? 'error' : 'warning',
    },
  ]
}
