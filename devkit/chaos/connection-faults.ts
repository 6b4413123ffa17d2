/** What `npm run chaos -- --faults connections` does, one after the other. */
import type { ConnectionAttack } from '../attack/connection-attack.ts'
import {
  drip,
  holdMadeUpPats,
  holdPreflights,
  holdTokenExchanges,
  pipelineGets,
  readSlowly,
} from '../attack/connection-attacks.ts'
import { socketAttacks } from '../attack/socket-attacks.ts'

export const connectionFaults: readonly ConnectionAttack[] = [
  ...socketAttacks,
  holdTokenExchanges(),
  holdPreflights(),
  holdMadeUpPats(),
  drip('content'),
  drip('chunk'),
  drip('trailer'),
  pipelineGets(),
  readSlowly('/DefaultCollection', 64),
]
