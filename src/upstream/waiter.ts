import type { Fault } from '../errors.ts'
import type { Connection } from './connection.ts'
import type { Sharer } from './owner.ts'

/** Waits for a connection. Exactly one of the two methods is called, unless `cancelled` is set before. */
export interface Waiter extends Sharer {
  /** It shares connections with requests of the same key. */
  readonly key: string
  cancelled: boolean
  onConnection(connection: Connection): void
  onUnavailable(fault: Fault): void
}

/** A connection shared by everybody of its key, but for one on which content may still come: see `Connection.onHead`. */
export const mayServe = ({ key, onlyFor }: Connection, waiter: Waiter): boolean =>
  key === waiter.key && (onlyFor === undefined || (onlyFor === waiter.owner && waiter.standing === 'proven'))
