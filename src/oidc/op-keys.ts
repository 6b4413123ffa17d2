/** The keys of the OP (RFC 7517 5), once for everything that it signs: one copy, and one limit on how often it is asked. */
import { createRemoteJWKSet } from 'jose'
import type { OpenIdProvider } from './provider.ts'

/** An unknown key id makes us ask the OP for its keys again, but not more often than this: a flood of made-up ids is no flood of requests. */
const COOLDOWN_MS = 30_000
const MAX_AGE_MS = 600_000

export interface KeySet {
  readonly resolve: ReturnType<typeof createRemoteJWKSet>
  readonly issuer: string
}

export class OpKeys {
  readonly #provider: OpenIdProvider
  readonly #timeoutMs: number
  #keys: Promise<KeySet> | undefined

  constructor(provider: OpenIdProvider, timeoutMs: number) {
    this.#provider = provider
    this.#timeoutMs = timeoutMs
  }

  /** Tokens that come together before it is known wait for the same request. Rejects with `op-unreachable` and the like. */
  keySet(): Promise<KeySet> {
    this.#keys ??= this.#open().catch((error: unknown) => {
      this.#keys = undefined
      throw error
    })
    return this.#keys
  }

  async #open(): Promise<KeySet> {
    const { jwksUri, issuer } = await this.#provider.keySource()
    const resolve = createRemoteJWKSet(new URL(jwksUri), {
      timeoutDuration: this.#timeoutMs,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: MAX_AGE_MS,
    })
    return { resolve, issuer }
  }
}
