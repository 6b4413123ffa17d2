/**
 * The OPs of this Torhaus. If there are several, a `sub` or `sid` is unique only within one of them (OIDC Core 2), so
 * what is stored of a session has the issuer in front of it.
 *
 *   one, written as `oidc`    subject = SUB
 *   several                   subject = ISSUER SUB; an issuer contains no space (RFC 3986 2)
 */
import type { ProviderSettings } from '../../config/schema.ts'
import type { Evidence } from '../exchange.ts'
import type { Confirmation } from '../grants/grant-store.ts'
import type { SessionRecord } from '../session/session-store.ts'
import type { AccountMapper } from './account.ts'
import type { OpenIdProvider } from './provider.ts'

export interface Op {
  readonly name: string
  readonly settings: ProviderSettings
  readonly provider: OpenIdProvider
  /** Where this OP, and no other, sends the browser back to: a mix-up ends there (RFC 9700 4.4.2). */
  readonly callbackPath: string
  /** The account in claims of its ID tokens. */
  readonly mapAccount: AccountMapper
  /** Of which claims it is made. */
  readonly accountTemplate: string
  /** Whether the account may be one of this OP's, by what the configuration says. */
  readonly mayHave: (account: string) => boolean
}

export class Ops {
  /** In the order of the configuration. */
  readonly all: readonly Op[]
  /** Undefined if there are several. */
  readonly only: Op | undefined
  readonly #byIssuer: ReadonlyMap<string, Op>

  constructor(all: readonly Op[], isOnly: boolean) {
    this.all = all
    this.only = isOnly ? all[0] : undefined
    this.#byIssuer = new Map(all.map(op => [op.settings.issuer, op]))
  }

  named(name: string | undefined | null): Op | undefined {
    return this.all.find(op => op.name === name)
  }

  ofIssuer(issuer: string | undefined): Op | undefined {
    return issuer === undefined ? undefined : this.#byIssuer.get(issuer)
  }

  /** The OP of a stored `sub` or `sid`; if there is only one, that. Undefined: none, or one no longer configured. */
  ofStored(id: string): Op | undefined {
    return this.only ?? this.#byIssuer.get(id.slice(0, id.indexOf(' ')))
  }

  /**
   * The OP for a new sign-in of that session's person; if the session has none, such as one opened by a ticket, the
   * first that may have the account. Undefined: none.
   */
  ofSession({ subject, account }: Pick<SessionRecord, 'subject' | 'account'>): Op | undefined {
    return this.ofStored(subject) ?? this.all.find(op => op.mayHave(account))
  }

  /**
   * Whether the proof of a sign-in is still valid: if it was the policy of one of several OPs, that one, not another,
   * must still have `policyGuaranteesFactor`. Of a single OP, this is judged with the evidence.
   */
  standsBy({ subject, evidence }: { readonly subject: string; readonly evidence: Evidence }): boolean {
    if (evidence.byPolicy !== true || this.only !== undefined) return true
    return this.ofStored(subject)?.settings.policyGuaranteesFactor !== undefined
  }

  /** Whose policy has proven it, by its issuer; undefined: no policy, or that of the only one. */
  vouching({ subject, evidence }: { readonly subject: string; readonly evidence: Evidence }): string | undefined {
    return evidence.byPolicy === true && this.only === undefined ? this.ofStored(subject)?.settings.issuer : undefined
  }

  /** As `standsBy`, of what was confirmed with a sign-in. `vouchedBy`: see `vouching`. */
  standsByConfirmed({ evidence, vouchedBy }: Pick<Confirmation, 'evidence' | 'vouchedBy'>): boolean {
    if (evidence.byPolicy !== true || this.only !== undefined) return true
    return this.ofIssuer(vouchedBy)?.settings.policyGuaranteesFactor !== undefined
  }

  /** How a `sub` or `sid` of this OP is stored. */
  stored(op: Op, id: string): string {
    return this.only === undefined ? `${op.settings.issuer} ${id}` : id
  }

  /** As the OP wrote it. */
  unstored(id: string): string {
    return this.only === undefined ? id.slice(id.indexOf(' ') + 1) : id
  }
}
