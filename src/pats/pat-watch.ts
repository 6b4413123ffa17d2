/** Watches requests with personal access tokens: judges them first, and records them once the server has accepted them. */

import { type NetworkSettings, networkOf } from '../../config/address-prefix.ts'
import type { AccountKey, AccountKeyOf } from '../account-key.ts'
import { type Awaitable, after } from '../awaitable.ts'
import type { Clock } from '../clock.ts'
import { deny, type Refusal } from '../decision.ts'
import type { Authenticated } from '../exchange.ts'
import type { ConfirmPat, PatPlace } from './confirm-pat.ts'
import { judgePat, type PatCode, type PatPolicySettings } from './pat-policy.ts'
import type { PatRegister } from './pat-register.ts'
import type { PatRecord } from './pat-store.ts'
import type { PatNews } from './pat-use.ts'
import { isOfJob } from './profiles/job-token.ts'

export interface PatWatchParts {
  readonly register: PatRegister
  readonly policy: PatPolicySettings
  readonly networks: NetworkSettings
  /** Response field in which the server says whose token it is; undefined: it does not. */
  readonly accountField: string | undefined
  /** One spelling per account. */
  readonly accountKey: AccountKeyOf
  readonly now: Clock
  /** Whether the owner must confirm first; undefined: never. */
  readonly confirm: ConfirmPat | undefined
  /** A use was refused, or would have been. */
  readonly judged: (exchange: Authenticated, code: PatCode, use: PatPlace, isEnforced: boolean) => void
  readonly learned: (exchange: Authenticated, news: PatNews, use: PatPlace) => void
  /** Uses could not be recorded. The response continues. */
  readonly failed: (error: unknown) => void
}

export interface PatWatch {
  /**
   * Why the exchange must not pass. Throws, or rejects with, `store-unavailable`: whether a token is blocked must be
   * known.
   */
  refuse(exchange: Authenticated): Awaitable<Refusal | undefined>
  /**
   * Whose token it is: an account, or the token itself. Undefined where the server has not accepted it yet, as far as
   * is known without asking.
   */
  ownerOf(exchange: Authenticated): string | undefined
  /** The head of the server's response; fields as name, value, name, value. Never throws. */
  see(exchange: Authenticated, status: number, rawFields: readonly string[]): void
}

export function patWatch(parts: PatWatchParts): PatWatch {
  const { register, policy, networks, now, confirm, judged, learned, failed } = parts
  const accountField = parts.accountField?.toLowerCase()

  return {
    refuse(exchange) {
      const { credentials } = exchange
      if (credentials.scheme !== 'pat') return undefined
      const { fingerprints } = credentials
      return after(register.find(fingerprints), known => {
        const code = judge(exchange, known)
        return code === undefined ? confirm?.(exchange, fingerprints, known) : deny(code)
      })
    },
    ownerOf({ credentials }) {
      if (credentials.scheme !== 'pat') return undefined
      const known = register.find(credentials.fingerprints)
      return known instanceof Promise ? undefined : (known?.accountKey ?? known?.fingerprint)
    },
    see(exchange, status, rawFields) {
      const { credentials, clientAddress, clientClass, principal } = exchange
      if (credentials.scheme !== 'pat' || !isAccepted(status)) return
      // There is another one for each job: they would drive the tokens of people out of the store.
      if (isOfJob(credentials.token.reveal())) return
      const { fingerprints } = credentials
      const network = networkOf(clientAddress, networks)
      const tell = (news: PatNews, known: PatRecord | undefined) =>
        learned(exchange, news, { pat: known?.fingerprint, account: known?.accountKey, network })
      const report = (news: PatNews | undefined): Awaitable<void> => {
        if (news === undefined) return
        return after(register.find(fingerprints), known => tell(news, known))
      }
      try {
        const owner = principal.kind === 'server-checked' ? principal.owner?.accountKey : undefined
        const news = register.see(fingerprints, { network, clientClass, accountKey: owner ?? accountKeyIn(rawFields) })
        const told = after(news, report)
        if (told instanceof Promise) told.catch(failed)
      } catch (error) {
        failed(error)
      }
    },
  }

  function judge(exchange: Authenticated, known: PatRecord | undefined): PatCode | undefined {
    if (known === undefined) return undefined
    const network = networkOf(exchange.clientAddress, networks)
    const code = judgePat(known, network, policy, now())
    if (code === undefined) return undefined
    const isEnforced = code === 'pat-blocked' || !policy.reportOnly
    judged(exchange, code, { pat: known.fingerprint, account: known.accountKey, network }, isEnforced)
    return isEnforced ? code : undefined
  }

  /** `name`, or `id:name`. */
  function accountKeyIn(rawFields: readonly string[]): AccountKey | undefined {
    if (accountField === undefined) return undefined
    for (let index = 0; index < rawFields.length; index += 2) {
      if (rawFields[index]?.toLowerCase() !== accountField) continue
      const value = rawFields[index + 1] ?? ''
      const name = value.slice(value.lastIndexOf(':') + 1).trim()
      return name === '' ? undefined : parts.accountKey(name)
    }
    return undefined
  }
}

/** To credentials it does not know, Azure DevOps may answer 203 or a redirect to its sign-in instead of 401. */
export const isAccepted = (status: number) =>
  (status >= 200 && status < 300 && status !== 203) || status === 304 || status === 101
