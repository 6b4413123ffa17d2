/** Manages the admin listener: opens it, moves it on a reload, and closes it. */
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https'
import type { Config } from '../../config/schema.ts'
import { readTlsPair } from '../../config/tls-pair.ts'
import { listenError } from '../listener/listen-problem.ts'
import { optionsOf } from '../listener/tls-profile.ts'
import { type AdminCheck, adminCheck } from './admin-credential.ts'
import { AdminListener, type AdminParts } from './admin-listener.ts'

type Settings = Omit<Config['admin'], 'traceOneIn'>
type Answers = Omit<AdminParts, 'hasCredential' | 'hostNames' | 'isAllowed' | 'serverFactory'>

/** Files are read once, when a configuration comes into force. */
export class AdminServer {
  readonly #answers: Answers
  #settings: Settings | undefined
  #open: AdminListener | undefined
  #isAllowed: AdminCheck = () => false

  constructor(answers: Answers) {
    this.#answers = answers
  }

  /** Undefined while not open. */
  get port(): number | undefined {
    return this.#open?.port
  }

  /** Opens it, or moves it to a new address. Rejects if that fails; the old listener is kept then. */
  async open(settings: Settings): Promise<void> {
    const isAllowed = adminCheck(settings.credentialFile)
    const before = this.#settings
    if (this.port !== undefined && isSamePlace(before, settings)) {
      for (const server of this.#open?.servers ?? [])
        if (settings.tls !== undefined && server instanceof HttpsServer) server.setSecureContext(pairOf(settings.tls))
    } else {
      const next = this.#create(settings)
      const { host, port } = settings
      // A port has one owner, so if only address or TLS changes, nothing listens for a moment.
      const isSamePort = before?.port === port
      if (isSamePort) await this.#open?.release()
      await next.listen({ host, port }).catch(async (error: unknown) => {
        await next[Symbol.asyncDispose]()
        if (isSamePort) await this.#open?.listen(before).catch(() => undefined)
        throw listenError(error, { section: 'admin', host: (error as { address?: string }).address ?? host, port })
      })
      await this.#open?.[Symbol.asyncDispose]()
      this.#open = next
    }
    this.#settings = settings
    this.#isAllowed = isAllowed
  }

  async close(): Promise<void> {
    await this.#open?.[Symbol.asyncDispose]()
  }

  #create({ tls }: Settings): AdminListener {
    const pair = tls && pairOf(tls)
    return new AdminListener({
      ...this.#answers,
      hostNames: () => this.#settings?.hostNames ?? [],
      hasCredential: () => this.#settings?.credentialFile !== undefined,
      isAllowed: authorization => this.#isAllowed(authorization),
      serverFactory: handler => (pair === undefined ? createHttpServer(handler) : createHttpsServer(pair, handler)),
    })
  }
}

const isSamePlace = (one: Settings | undefined, other: Settings) =>
  one?.host === other.host && one.port === other.port && (one.tls === undefined) === (other.tls === undefined)

const pairOf = (tls: NonNullable<Settings['tls']>) => ({ ...readTlsPair(tls), ...optionsOf('intermediate') })
