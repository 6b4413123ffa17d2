import type { IdentityProvider } from './lab/identity-provider.ts'
import type { Origin } from './lab/origin.ts'
import type { Server } from './lab/server.ts'

/** What a proxy needs to be started. */
export interface Surroundings {
  /** For configuration, logs and sessions; removed afterwards. */
  readonly directory: string
  readonly origin: Origin
  readonly identityProvider: IdentityProvider
}

/** A proxy under load, or the origin server itself. */
export interface Subject {
  readonly name: string
  readonly port: number
  /** Undefined for the origin server, whose processor time is not asked for. */
  readonly server: Server | undefined
  /** Signs in as a browser does, and returns the Cookie field; undefined where a subject knows no sessions. */
  readonly signIn: (() => Promise<string>) | undefined
}

/** Starts a proxy in front of the origin server. `Server.stop` of the subject ends it. */
export type SubjectStarter = (surroundings: Surroundings) => Promise<Subject>
