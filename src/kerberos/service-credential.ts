import { isWithin } from '../clock.ts'
import type { KdcClient } from './kdc/kdc-client.ts'
import { codedFailure } from './kdc-failure.ts'
import type { KdcGate } from './kdc-gate.ts'
import { KerberosError } from './kerberos-error.ts'
import type { KeytabFile } from './keytab-file.ts'
import { LeasedTicket } from './leased-ticket.ts'
import type { OwnAttempts } from './own-attempts.ts'
import type { EncryptionKey } from './protocol/encryption-key.ts'
import type { EtypeInfo } from './protocol/etype-info.ts'
import { NAME_TYPE, nameIn } from './protocol/principal-name.ts'
import { createRenewing, type Renewing, validity } from './renewing.ts'

export interface ServiceCredentialOptions {
  readonly client: KdcClient
  readonly gate: KdcGate
  readonly keytab: KeytabFile
  /** The account that may delegate, `svc-proxy@CORP.TEST`. */
  readonly principal: string
  /** Limits failed sign-ins across all workers; default: no such limit. */
  readonly attempts?: OwnAttempts
  readonly now: () => number
  readonly monotonic?: () => number
  readonly renewMarginMs?: number
}

/**
 * A sign-in with a wrong key counts at the directory and may lock Torhaus' account. So after a refusal there is none
 * for this long, unless the keytab changes.
 */
const REFUSED_MS = 30_000

interface Refused {
  readonly error: KerberosError
  /** Of the keytab: with other keys it is worth another try. */
  readonly generation: number
  readonly sinceMs: number
}

export interface ServiceCredential extends Renewing<LeasedTicket> {
  /** Whether the keytab has a key to get it with; looks at the file. */
  hasKey(): boolean
}

/** The proxy's own TGT, obtained with the keytab and renewed before it expires. */
export function createServiceCredential(options: ServiceCredentialOptions): ServiceCredential {
  const { client, gate, keytab, principal, attempts, now, renewMarginMs = 300_000 } = options
  const name = nameIn(principal, NAME_TYPE.principal)
  const keyFor = async (infos: readonly EtypeInfo[]): Promise<EncryptionKey> => {
    const keys = keytab.keysOf(principal)
    const wanted = infos.map(({ etype }) => etype)
    const found = keys.find(({ key }) => wanted.length === 0 || wanted.includes(key.enctype.number))
    if (found !== undefined) return found.key.copy()
    throw new KerberosError('service-credential-refused', 'service-credential', { text: 'no key for the account' })
  }
  let refused: Refused | undefined
  const renewing = createRenewing<LeasedTicket>({
    now,
    ...(options.monotonic && { monotonic: options.monotonic }),
    async acquire(store) {
      keytab.lookNowAndThen()
      const { generation } = keytab
      if (refused?.generation === generation && isWithin(now(), refused.sinceMs, REFUSED_MS)) throw refused.error
      refused = undefined
      try {
        await gate.run(async () => {
          const signIn = () => codedFailure('service-credential', () => client.signIn(name, keyFor))
          const ticket = await (attempts === undefined ? signIn() : attempts.run(keytab.state, signIn))
          store(new LeasedTicket(ticket), validity((ticket.endTimeMs - now()) / 1000, now(), renewMarginMs))
        })
      } catch (error) {
        if (error instanceof KerberosError && error.code === 'service-credential-refused')
          refused = { error, generation, sinceMs: now() }
        throw error
      }
    },
  })
  return { ...renewing, hasKey: () => keytab.keysOf(principal).length > 0 }
}
