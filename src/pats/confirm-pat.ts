/** Whether a use of a personal access token must wait for its owner, who confirms it with the second factor. */
import { type NetworkSettings, networkOf } from '../../config/address-prefix.ts'
import { type Awaitable, after } from '../awaitable.ts'
import { deny, type Refusal } from '../decision.ts'
import type { Authenticated, TokenOwner } from '../exchange.ts'
import type { OpenedPatRequest, PatConfirmations } from './pat-confirmations.ts'
import type { PatRecord } from './pat-store.ts'

export type UnconfirmedPatCode = 'pat-unconfirmed' | 'pat-unconfirmable'

export interface ConfirmPatParts {
  /**
   * `first-use`: every token, once for each network. `new-network`: neither where it was used from before, nor where it
   * was never used at all, unless the owner has withdrawn that.
   */
  readonly confirm: 'first-use' | 'new-network'
  readonly reportOnly: boolean
  /** Networks, such as those of build agents, where no confirmation is needed. */
  readonly isExempt: (address: string) => boolean
  readonly networks: NetworkSettings
  readonly confirmations: Pick<PatConfirmations, 'said'> & {
    /** Undefined: there is to be no link. */
    ask(...question: Parameters<PatConfirmations['ask']>): Awaitable<OpenedPatRequest | undefined>
  }
  /** A use was refused, or would have been. */
  readonly judged: (exchange: Authenticated, code: UnconfirmedPatCode, use: PatPlace, isEnforced: boolean) => void
  /** A client was shown a new link. */
  readonly asked: (exchange: Authenticated, use: PatPlace) => void
}

export interface PatPlace {
  /** Fingerprint. */
  readonly pat: string | undefined
  readonly account: string | undefined
  readonly network: string
}

type Answer = Refusal | undefined
/** `known`: what is known of the token from uses before. */
export type ConfirmPat = (
  exchange: Authenticated,
  fingerprints: readonly string[],
  known: PatRecord | undefined,
) => Awaitable<Answer>

export function confirmPat(parts: ConfirmPatParts): ConfirmPat {
  const { confirm, reportOnly, isExempt, networks, confirmations, judged, asked } = parts

  return (exchange, fingerprints, known) => {
    const { principal, clientAddress } = exchange
    const owner = principal.kind === 'server-checked' ? principal.owner : undefined
    const fingerprint = fingerprints[0] ?? ''
    const network = networkOf(clientAddress, networks)
    // The owner, who could confirm, is unknown.
    if (owner === undefined)
      return isExempt(clientAddress)
        ? undefined
        : refuse(exchange, 'pat-unconfirmable', { pat: fingerprint, account: undefined, network })
    return after(confirmations.said(owner.accountKey, fingerprints, network), said => {
      if (said?.isWithdrawn === false) return undefined
      if (said === undefined && confirm === 'new-network' && isKnownPlace(known, network)) return undefined
      return isExempt(clientAddress) ? undefined : unconfirmed(exchange, owner, fingerprint, network)
    })
  }

  function unconfirmed(
    exchange: Authenticated,
    { account, accountKey }: TokenOwner,
    fingerprint: string,
    network: string,
  ): Awaitable<Answer> {
    const place = { pat: fingerprint, account, network }
    const refusal = refuse(exchange, 'pat-unconfirmed', place)
    if (refusal === undefined) return undefined
    const asking = confirmations.ask({ accountKey, fingerprint, network }, exchange)
    return after(asking, question => linked(exchange, place, question))
  }

  function refuse(exchange: Authenticated, code: UnconfirmedPatCode, place: PatPlace): Answer {
    judged(exchange, code, place, !reportOnly)
    return reportOnly ? undefined : deny(code)
  }

  function linked(exchange: Authenticated, place: PatPlace, question: OpenedPatRequest | undefined): Refusal {
    if (question === undefined) return deny('pat-unconfirmed')
    if (question.isNew) asked(exchange, place)
    return deny('pat-unconfirmed', { confirm: question.request.code })
  }
}

/** Where nothing is known of it, this is its first network. */
const isKnownPlace = (known: PatRecord | undefined, network: string): boolean =>
  known === undefined || known.networks.some(seen => seen.network === network)
