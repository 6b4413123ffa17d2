/**
 * Determines whose share of the origin server an exchange counts in. People are proven, and so are tokens that the
 * server has accepted before. All others count by address, because made-up tokens would be many owners.
 */
import { clientNetworkOf } from '../../config/address-prefix.ts'
import type { AccountKeyOf } from '../account-key.ts'
import type { MonotonicClock } from '../clock.ts'
import type { Delegated } from '../exchange.ts'
import { AcceptedTokens } from '../identity/accepted-tokens.ts'
import type { Share } from '../listener/share.ts'
import { isAccepted, type PatWatch } from '../pats/pat-watch.ts'

export class Shares {
  readonly #watch: Pick<PatWatch, 'ownerOf'>
  readonly #accountKey: AccountKeyOf
  readonly #serverTokens: AcceptedTokens

  constructor(watch: Pick<PatWatch, 'ownerOf'>, accountKey: AccountKeyOf, monotonic: MonotonicClock) {
    this.#watch = watch
    this.#accountKey = accountKey
    this.#serverTokens = new AcceptedTokens(monotonic)
  }

  of(exchange: Delegated): Share {
    const { account, principal, credentials, clientAddress } = exchange
    if (account !== undefined) return { owner: this.#accountKey(account), isProven: true }
    if (principal.kind === 'server-checked' && principal.owner !== undefined)
      return { owner: principal.owner.accountKey, isProven: true }
    const owner = credentials.scheme === 'pat' ? this.#watch.ownerOf(exchange) : this.#knownServerToken(exchange)
    return owner === undefined ? { owner: clientNetworkOf(clientAddress), isProven: false } : { owner, isProven: true }
  }

  /** To be called with the status of each response of the origin server. */
  answered({ credentials, fields }: Delegated, status: number): void {
    const { authorization } = fields.kept
    if (credentials.scheme === 'server-token' && authorization !== undefined && isAccepted(status))
      this.#serverTokens.note(authorization)
  }

  #knownServerToken({ credentials, fields }: Delegated): string | undefined {
    const { authorization } = fields.kept
    return credentials.scheme === 'server-token' && authorization !== undefined && this.#serverTokens.has(authorization)
      ? authorization
      : undefined
  }
}
