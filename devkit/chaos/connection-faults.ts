/** What `npm run chaos -- --faults connections` does, one after the other. */
import { type SocketAttack, socketAttacks } from '../attack/socket-attacks.ts'

export const connectionFaults: readonly SocketAttack[] = [...socketAttacks]
