import { isWithin } from '../clock.ts'
import { isOfReply } from './kdc/held-ticket.ts'
import type { KdcClient } from './kdc/kdc-client.ts'
import { codedFailure } from './kdc-failure.ts'
import type { KdcGate } from './kdc-gate.ts'
import type { KeytabFile } from './keytab-file.ts'
import { openTrusted } from './opened-tickets.ts'
import { byOwnTicket } from './own-ticket.ts'
import { NAME_TYPE, nameIn } from './protocol/principal-name.ts'
import type { ServiceCredential } from './service-credential.ts'
import type { NamingRealms } from './ticket-principal.ts'

export interface NamingQuestion {
  readonly client: KdcClient
  readonly gate: KdcGate
  readonly keytab: KeytabFile
  readonly service: ServiceCredential
  /** The service that people get tickets for. */
  readonly accept: string
  readonly realm: string
  readonly naming: NamingRealms
  readonly monotonic: () => number
}

/** After a failure, for example if the KDC cannot be reached, no ticket causes another request for this long. */
const AGAIN_AFTER_MS = 30_000

/** What makes a realm known. Undefined: there is nothing to wait for. It never rejects. */
export type LearnNaming = (realm: string) => Promise<void> | undefined

/**
 * Finds out whether KDCs of our realm name accounts in PACs, before a client's ticket has shown it: from a ticket for
 * ourselves, which only the KDC can have made. Done once, when the first ticket without PAC arrives. If the KDC does
 * not answer, or our account has no key, it stays unknown.
 */
export function createLearnNaming(options: NamingQuestion): LearnNaming {
  const { client, gate, keytab, service, accept, realm: ours, naming, monotonic } = options
  const ourselves = nameIn(accept, NAME_TYPE.serviceInstance)
  const ask = async (): Promise<void> => {
    const own = await service.current()
    await gate.run(async () => {
      const seen = await byOwnTicket(service, own, tgt =>
        codedFailure('name', () => client.serviceTicket(tgt, ourselves)),
      )
      using _seenKey = seen.sessionKey
      const owner = openTrusted(keytab.ringOf([accept]), seen.ticket)
      using _ownerKey = owner.sessionKey
      if (isOfReply(seen, owner) && owner.accountName !== undefined) naming.add(ours)
    })
  }
  let asked: Promise<void> | undefined
  let isKnown = false
  let failedAtMs: number | undefined
  return realm => {
    if (realm !== ours || isKnown || !service.hasKey()) return undefined
    if (asked === undefined && isWithin(monotonic(), failedAtMs, AGAIN_AFTER_MS)) return undefined
    asked ??= ask()
      .then(
        () => {
          isKnown = true
        },
        () => {
          failedAtMs = monotonic()
        },
      )
      .finally(() => {
        asked = undefined
      })
    return asked
  }
}
