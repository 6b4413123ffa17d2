import type { X509Certificate } from 'node:crypto'
import type { Config } from '../../config/schema.ts'
import type { Surroundings } from '../clock.ts'
import type { Acceptor } from './acceptor.ts'
import type { DirectoryNames } from './canonical-principal.ts'
import type { Impersonation } from './impersonation-cache.ts'
import type { KdcPool, KdcSeen } from './kdc/kdc-pool.ts'
import type { UpnResolver } from './native-upns.ts'
import type { PasswordVerifier } from './password.ts'
import type { TicketQuestion } from './ticket-proof.ts'

/** What there is two of: with libgssapi, or of our own. They end with the stack they were opened on. */
export interface DirectoryParts {
  readonly acceptor: Acceptor
  readonly verifier: PasswordVerifier
  readonly impersonation: Impersonation
  /** Of our own implementation alone. */
  readonly upns?: UpnResolver | undefined
  /** How each KDC is, of trusted realms, too; libgssapi tells of none. */
  readonly kdcs: KdcPool['states']
}

/** What both are built from. */
export interface DirectoryGround extends Pick<Surroundings, 'now' | 'monotonic' | 'environment'> {
  readonly settings: NonNullable<Config['kerberos']>
  readonly names: DirectoryNames
  /** `HTTP/proxy.corp.test@CORP.TEST`. */
  readonly acceptPrincipal: string
  /** `svc-proxy@CORP.TEST`. */
  readonly servicePrincipal: string
  /** What tickets are asked about; our own implementation alone can read them. */
  readonly question: TicketQuestion
  /** That clients see, where TLS ends here. */
  readonly certificate: X509Certificate | undefined
  /** Each message to a KDC, once it is known what became of it. */
  readonly onKdc: (seen: KdcSeen) => void
}
