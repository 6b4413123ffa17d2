/**
 * The account in a short-lived JWT (RFC 7519), signed with ES256 (RFC 7518 3.4): the upstream can check that it comes
 * from Torhaus, is meant for it, and is fresh. Its keys are published as a JWK set (RFC 7517 5).
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose'
import { bytesIn } from '../../config/files-read.ts'
import { BoundedMap } from '../bounded-map.ts'
import { type Clock, isWithin } from '../clock.ts'
import type { Delegation } from '../exchange.ts'
import { delegationByFields, type IdentityOut } from './identity-out.ts'

export interface AssertionSettings {
  readonly field: string
  readonly audience: string
  readonly issuer: string
  readonly lifetimeSeconds: number
  readonly signingKeyFiles: readonly string[]
}

interface Signed {
  readonly delegation: Delegation
  readonly signedAtMs: number
}

const MAX_REMEMBERED = 20_000

export class AssertionIdentity implements IdentityOut {
  readonly fieldNames: readonly string[]
  /** The public keys, for /.torhaus/jwks.json. */
  readonly keySet: { readonly keys: readonly JWK[] }
  readonly #settings: AssertionSettings
  readonly #signingKey: KeyObject
  /** The first part of each JWT. */
  readonly #header: string
  readonly #now: Clock
  readonly #signed = new BoundedMap<string, Signed>(MAX_REMEMBERED)

  private constructor(settings: AssertionSettings, keys: readonly PublishedKey[], now: Clock) {
    const [first] = keys
    if (first === undefined) throw new TypeError('an assertion needs a signing key')
    this.fieldNames = [settings.field]
    this.#settings = settings
    this.#signingKey = first.privateKey
    this.#header = encoded({ alg: 'ES256', kid: first.keyId, typ: 'JWT' })
    this.keySet = { keys: keys.map(key => key.jwk) }
    this.#now = now
  }

  static async create(settings: AssertionSettings, now: Clock): Promise<AssertionIdentity> {
    return new AssertionIdentity(settings, await Promise.all(settings.signingKeyFiles.map(readKey)), now)
  }

  delegate(account: string): Delegation {
    const signed = this.#signed.get(account)
    const { lifetimeSeconds } = this.#settings
    return signed !== undefined && isWithin(this.#now(), signed.signedAtMs, lifetimeSeconds * 500)
      ? signed.delegation
      : this.#sign(account)
  }

  forget(account: string): void {
    this.#signed.delete(account)
  }

  // Not by jose, which signs with WebCrypto: twice the processor time, and a turn of the thread pool.
  #sign(account: string): Delegation {
    const { audience, issuer, lifetimeSeconds, field } = this.#settings
    const now = this.#now()
    const issuedAt = Math.floor(now / 1000)
    const claims = { iss: issuer, aud: audience, sub: account, iat: issuedAt, exp: issuedAt + lifetimeSeconds }
    const text = `${this.#header}.${encoded(claims)}`
    // The signature is r and s concatenated (RFC 7518 3.4), not DER.
    const key = { key: this.#signingKey, dsaEncoding: 'ieee-p1363' } as const
    const token = `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
    const delegation = delegationByFields([field, token])
    this.#signed.set(account, { delegation, signedAtMs: now })
    return delegation
  }
}

const encoded = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url')

interface PublishedKey {
  readonly privateKey: KeyObject
  readonly keyId: string
  readonly jwk: JWK
}

async function readKey(fileName: string): Promise<PublishedKey> {
  const privateKey = createPrivateKey(bytesIn(fileName))
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error(`the file ${fileName} must contain an EC private key on P-256`)
  }
  const jwk = await exportJWK(createPublicKey(privateKey))
  const keyId = await calculateJwkThumbprint(jwk)
  return { privateKey, keyId, jwk: { ...jwk, kid: keyId, alg: 'ES256', use: 'sig' } }
}
