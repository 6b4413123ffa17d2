import { clientNetworkOf } from '../../config/address-prefix.ts'
import type { Delegated } from '../exchange.ts'
import type { Share } from '../listener/share.ts'
import type { PatWatch } from '../pats/pat-watch.ts'

/**
 * Whose share of the server an exchange counts in. A person is proven; so is a token that the server has accepted before.
 * Everybody else counts by address: made-up tokens would be many owners.
 */
export function shareOf(watch: Pick<PatWatch, 'ownerOf'>): (exchange: Delegated) => Share {
  return exchange => {
    const { principal, clientAddress } = exchange
    if (principal.kind === 'person') return { owner: principal.account ?? principal.subject, isProven: true }
    const owner = principal.kind === 'server-checked' ? watch.ownerOf(exchange) : undefined
    if (owner !== undefined) return { owner, isProven: true }
    return { owner: clientNetworkOf(clientAddress), isProven: false }
  }
}
