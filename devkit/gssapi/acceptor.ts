/** The service's side of libgssapi: what tests hold our own acceptor against. */
import { classifyNegotiateToken } from '../../src/kerberos/protocol/negotiate-token.ts'
import {
  check,
  GssapiError,
  mechanisms,
  type NativeBuffer,
  native,
  type Pointer,
  takeBuffer,
  takeName,
  withName,
} from './library.ts'

/** GSS_C_ACCEPT, GSS_C_INDEFINITE and GSS_S_CONTINUE_NEEDED (RFC 2744). */
const ACCEPT = 2
const INDEFINITE = 0xffffffff
const CONTINUE_NEEDED = 1

/** com_err base of libkrb5's table, and what says that a token was seen before: of the protocol, and its own. */
const KRB5_BASE = -1765328384
const REPLAY = [KRB5_BASE + 34, KRB5_BASE + 163]

export class Acceptor implements Disposable {
  readonly #credential: [Pointer | null]
  /** Without a replay cache. */
  readonly #lookingAgain: [Pointer | null]

  private constructor(credential: [Pointer | null], lookingAgain: [Pointer | null]) {
    this.#credential = credential
    this.#lookingAgain = lookingAgain
  }

  /** `principal`: the service, `HTTP/host@REALM`. Tokens seen are kept in `replayCacheFile`. */
  static async open(principal: string, keytabFile: string, replayCacheFile: string): Promise<Acceptor> {
    const credential = await acquired(principal, keytabFile, `file2:${replayCacheFile}`)
    return new Acceptor(credential, await acquired(principal, keytabFile, 'none:'))
  }

  /** Who it is, `seen` for a token that was taken before, or `refused`. */
  async verdict(token: Buffer): Promise<string> {
    try {
      return await accepted(this.#credential, token)
    } catch (error) {
      if (!(error instanceof GssapiError)) throw error
      return (await this.#isReplay(token, error)) ? 'seen' : 'refused'
    }
  }

  /**
   * Under SPNEGO a minor status means nothing, so the Kerberos token inside is looked at by itself: by the credential
   * without a replay cache first, for the refused attempt may have left its mark in the cache.
   */
  async #isReplay(token: Buffer, { minor }: GssapiError): Promise<boolean> {
    const seen = classifyNegotiateToken(token)
    if (seen.kind !== 'spnego') return REPLAY.includes(minor)
    if (seen.krb5Token === undefined) return false
    try {
      await accepted(this.#lookingAgain, seen.krb5Token)
      await accepted(this.#credential, seen.krb5Token)
    } catch (error) {
      return error instanceof GssapiError && REPLAY.includes(error.minor)
    }
    return false
  }

  [Symbol.dispose](): void {
    native.releaseCred([0], this.#credential)
    native.releaseCred([0], this.#lookingAgain)
  }
}

/** Only Kerberos can be negotiated with it, whatever mechanisms are installed. */
async function acquired(principal: string, keytabFile: string, replayCache: string): Promise<[Pointer | null]> {
  const [pointer, minor]: [[Pointer | null], [number]] = [[null], [0]]
  const elements = [
    { key: 'keytab', value: `FILE:${keytabFile}` },
    { key: 'rcache', value: replayCache },
  ]
  const store = { count: elements.length, elements }
  const { krb5AndSpnego, krb5Only } = mechanisms
  const major = await withName(principal, name =>
    native.acquireCredFrom(minor, name, INDEFINITE, krb5AndSpnego, ACCEPT, store, pointer, null, null),
  )
  check('acceptor', major, minor)
  check('mechanisms', native.setNegMechs(minor, pointer[0], krb5Only), minor)
  return pointer
}

async function accepted([credential]: [Pointer | null], token: Buffer): Promise<string> {
  const minor: [number] = [0]
  const [context, source]: [[Pointer | null], [Pointer | null]] = [[null], [null]]
  const output: NativeBuffer = { length: 0, value: null }
  const input = { length: token.length, value: token }
  const major = await native.acceptSecContext(
    ...[minor, context, credential, input, null, source, null, output, [0], null, null],
  )
  takeBuffer(output)
  native.deleteSecContext([0], context, null)
  const name = source[0] === null ? undefined : takeName(source)
  check('accept', major, minor)
  if (name === undefined || (major & CONTINUE_NEEDED) !== 0) throw new GssapiError('accept: not done', 0)
  return name
}
