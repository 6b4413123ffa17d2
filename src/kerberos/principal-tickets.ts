import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PrincipalTickets } from './impersonation-cache.ts'
import type { HeldTicket } from './kdc/held-ticket.ts'
import type { KdcClient } from './kdc/kdc-client.ts'
import { codedFailure } from './kdc-failure.ts'
import type { KdcGate } from './kdc-gate.ts'
import { KerberosError } from './kerberos-error.ts'
import { LeasedTicket } from './leased-ticket.ts'
import type { EncryptionKey } from './protocol/encryption-key.ts'
import { NAME_TYPE, nameIn } from './protocol/principal-name.ts'
import { type NextToken, tokenTemplate } from './protocol/token-template.ts'
import { type Renewing, validity } from './renewing.ts'

export interface PrincipalTicketsOptions {
  readonly client: KdcClient
  readonly gate: KdcGate
  readonly service: Renewing<LeasedTicket>
  /** Owned from here on. */
  readonly evidence: HeldTicket
  readonly now: () => number
}

interface ServiceTicket {
  readonly next: NextToken
  readonly usableUntilMs: number
  readonly key: EncryptionKey
}

/** Makes callers obtain new tickets. */
const released = (): KerberosError => new KerberosError('credentials-expired', 'initiate', { text: 'released' })

/**
 * The evidence ticket of one principal, and the service tickets obtained with it: one request to the KDC per target.
 */
export function createPrincipalTickets({
  client,
  gate,
  service,
  evidence,
  now,
}: PrincipalTicketsOptions): PrincipalTickets {
  const leased = new LeasedTicket(evidence)
  const tickets = new Map<string, ServiceTicket>()
  const asking = new Map<string, Promise<ServiceTicket>>()

  const ask = async (target: string): Promise<ServiceTicket> => {
    const own = await service.current()
    // Reading the evidence was enough work for one turn of the event loop.
    await nextTurn()
    const name = nameIn(target, NAME_TYPE.serviceInstance)
    // The KDC does not say which of the two tickets it refuses. After a change of Torhaus' password it is the
    // evidence, for all principals: so that is dropped, and whether Torhaus' TGT still works shows when new evidence is
    // requested.
    const proxied = await gate.run(() =>
      own.use(tgt => codedFailure('initiate', () => client.s4u2proxy(tgt, evidence, name))),
    )
    const { expiresAtMs } = validity((proxied.endTimeMs - now()) / 1000, now(), 0)
    return { next: tokenTemplate(proxied), usableUntilMs: expiresAtMs, key: proxied.sessionKey }
  }
  const shared = (target: string): Promise<ServiceTicket> => {
    const known = asking.get(target)
    if (known !== undefined) return known
    const question = ask(target)
      .then(ticket => {
        // Forgotten in the meantime: the callers waiting get their tokens, but nobody else does.
        if (leased.dropped) return ticket
        tickets.get(target)?.key[Symbol.dispose]()
        tickets.set(target, ticket)
        return ticket
      })
      .finally(() => asking.delete(target))
    asking.set(target, question)
    return question
  }
  const ready = (target: string, nowMs: number): ServiceTicket | undefined => {
    const known = leased.dropped ? undefined : tickets.get(target)
    return known !== undefined && nowMs < known.usableUntilMs ? known : undefined
  }
  const tokenAtOnce = (target: string): string | undefined => {
    const nowMs = now()
    return ready(target, nowMs)?.next(nowMs)
  }
  return {
    tokenAtOnce,
    isReady: target => ready(target, now()) !== undefined,
    targets: () => [...tickets.keys()],
    async token(target) {
      if (leased.dropped) throw released()
      const token = tokenAtOnce(target)
      if (token !== undefined) return token
      const asked = await shared(target)
      if (asked.key.disposed) throw released()
      return asked.next(now())
    },
    [Symbol.dispose]() {
      leased[Symbol.dispose]()
      for (const { key } of tickets.values()) key[Symbol.dispose]()
      tickets.clear()
    },
  }
}
