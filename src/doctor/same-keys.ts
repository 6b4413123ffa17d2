import { randomBytes } from 'node:crypto'
import { CHALLENGE, SELF_TEST_PATH } from '../http/self-test-probes.ts'
import type { Finding } from './finding.ts'
import type { RawAnswer } from './send-raw.ts'

/** Balancers hand connections out in turn, or to who has fewest: so many find each of a few instances. */
const TIMES = 12

/** Sends a request target: to the listener of this instance, or by way of publicUrl, each time on a connection of its own. */
export interface Ways {
  direct(target: string): Promise<RawAnswer>
  outside(target: string): Promise<RawAnswer>
}

/** Do all that answer by way of publicUrl have the session keys of this instance, the OP, and the name? */
export async function examineSameKeys({ direct, outside }: Ways): Promise<Finding[]> {
  for (let time = 0; time < TIMES; time++) {
    const target = `${SELF_TEST_PATH}?${CHALLENGE}=${randomBytes(16).toString('hex')}`
    const [own, other] = [keysIn(await direct(target)), keysIn(await outside(target))]
    if (own.length > 0 && other.length > 0 && !shareSessions(own, other)) return [foreign]
  }
  return []
}

const keysIn = ({ fields }: RawAnswer): string[] =>
  /\bkeys=([0-9a-f+]+)/.exec(fields.get('x-torhaus-self-test') ?? '')?.[1]?.split('+') ?? []

/** Each opens what the other makes, with the first of its keys. */
const shareSessions = ([own = '', ...ownOld]: readonly string[], [other = '', ...otherOld]: readonly string[]) =>
  (own === other || ownOld.includes(other)) && (own === other || otherOld.includes(own))

const foreign: Finding = {
  what: 'another Torhaus answers at publicUrl, with other session keys, another OP or another name',
  why: 'each does not know the sessions and sign-ins of the other, so people have to sign in again and again, and sign-ins fail',
  remedy:
    'give all instances the same files in session.encryptionKeyFiles and the same issuer and publicUrl (or session.sharedAs), or remove the other one from the balancer',
  ...{ option: 'session.encryptionKeyFiles', severity: 'error' },
}
