import type { IdentityProvider } from './lab/identity-provider.ts'
import type { Origin } from './lab/origin.ts'
import type { Realm } from './lab/realm.ts'
import type { Server } from './lab/server.ts'
import type { LabRedis } from './lab/store.ts'
import type { LabTls } from './lab/tls.ts'

/** What a proxy needs to be started. */
export interface Surroundings {
  /** For configuration, logs and sessions; removed afterwards. */
  readonly directory: string
  readonly origin: Origin
  readonly identityProvider: IdentityProvider
  /** For scenarios with Kerberos. */
  readonly realm: Realm | undefined
  /** Undefined: the store is a SQLite file. */
  readonly redis: LabRedis | undefined
  /** Undefined: plain HTTP. */
  readonly tls: LabTls | undefined
}

/** A browser that goes to `start` is sent to the OP, and with both factors back to `page` of the origin server. */
interface SignInPages {
  readonly start: string
  readonly page: string
}

/** A proxy under load, or the origin server itself. */
export interface Subject {
  readonly name: string
  readonly port: number
  /** Undefined for the origin server, whose processor time is not asked for. */
  readonly server: Server | undefined
  /** Where it tells its metrics. */
  readonly adminPort?: number
  /** Undefined where a subject knows no sessions. */
  readonly signInPages?: SignInPages | undefined
  /** In its store now; undefined where that is not known. */
  readonly sessionsMade?: () => number
  /** It accepts a Kerberos token once only, so that each request has to carry a fresh one. */
  readonly checksTickets?: boolean
  /** It knows no personal access tokens, and gets the access token of the OP as Bearer in their place. */
  readonly takesBearerForPat?: boolean
  /** It keeps what it knows in the store of the run. */
  readonly hasStore?: boolean
  /** What it has learned of a sender makes later requests cheaper: it warms up until it knows everybody. */
  readonly remembersSenders?: boolean
  /** Its requests go to this folder of the origin server. */
  readonly originFolder?: string
}

/** Starts a proxy in front of the origin server. `Server.stop` of the subject ends it. */
export type SubjectStarter = (surroundings: Surroundings) => Promise<Subject>
