/** The client's side of libgssapi: credentials, and tokens made with them. */
import {
  check,
  type GssapiError,
  mechanisms,
  type NativeBuffer,
  native,
  type Pointer,
  takeBuffer,
  withName,
} from './library.ts'

/** GSS_C_INITIATE, GSS_C_INDEFINITE, GSS_C_MUTUAL_FLAG and GSS_S_CONTINUE_NEEDED (RFC 2744). */
const INITIATE = 1
const INDEFINITE = 0xffffffff
const MUTUAL = 2
const CONTINUE_NEEDED = 1

/** A credential with its tickets. */
export class Credential implements Disposable {
  readonly #pointer: [Pointer | null]

  private constructor(pointer: [Pointer | null]) {
    this.#pointer = pointer
  }

  static async byPassword(principal: string, password: string): Promise<Credential> {
    const [pointer, minor]: [[Pointer | null], [number]] = [[null], [0]]
    const octets = Buffer.from(password, 'utf8')
    const secret = { length: octets.length, value: octets }
    const { krb5Only } = mechanisms
    const major = await withName(principal, name =>
      native.acquireCredWithPassword(minor, name, secret, INDEFINITE, krb5Only, INITIATE, pointer, null, null),
    )
    check('password', major, minor)
    return new Credential(pointer)
  }

  /** With the key of `keytabFile`, and tickets in `MEMORY:` and this name. */
  static byKeytab(principal: string, keytabFile: string, cache: string): Promise<Credential> {
    const entries = { client_keytab: `FILE:${keytabFile}`, ccache: `MEMORY:${cache}` }
    return withName(principal, name => Credential.#from(name, mechanisms.krb5Only, entries))
  }

  /** The tickets of somebody else's cache, for SPNEGO alone. */
  static byCache(ccache: string): Promise<Credential> {
    return Credential.#from(0n, mechanisms.spnegoOnly, { ccache })
  }

  static async #from(name: Pointer, set: Pointer, entries: Record<string, string>): Promise<Credential> {
    const [pointer, minor]: [[Pointer | null], [number]] = [[null], [0]]
    const elements = Object.entries(entries).map(([key, value]) => ({ key, value }))
    const store = { count: elements.length, elements }
    const major = await native.acquireCredFrom(minor, name, INDEFINITE, set, INITIATE, store, pointer, null, null)
    check('credential', major, minor)
    return new Credential(pointer)
  }

  /** A bare Kerberos token for `HTTP/host@REALM`, without mutual authentication. */
  async token(target: string): Promise<Buffer> {
    using leg = new Legs(this.#pointer, target, mechanisms.krb5, 0)
    return (await leg.step()).token
  }

  /** A browser's side: SPNEGO with mutual authentication, over as many legs as it takes. */
  negotiation(target: string): Legs {
    return new Legs(this.#pointer, target, mechanisms.spnego, MUTUAL)
  }

  [Symbol.dispose](): void {
    native.releaseCred([0], this.#pointer)
  }
}

export class Legs implements Disposable {
  readonly #credential: [Pointer | null]
  readonly #target: string
  readonly #mechanism: Pointer
  readonly #flags: number
  readonly #context: [Pointer | null] = [null]

  constructor(credential: [Pointer | null], target: string, mechanism: Pointer, flags: number) {
    this.#credential = credential
    this.#target = target
    this.#mechanism = mechanism
    this.#flags = flags
  }

  /** The next token, and whether the other side is to answer it. Throws a {@link GssapiError}. */
  async step(input?: Buffer): Promise<{ readonly token: Buffer; readonly needsMore: boolean }> {
    const minor: [number] = [0]
    const output: NativeBuffer = { length: 0, value: null }
    const received = input === undefined ? null : { length: input.length, value: input }
    const of = [this.#mechanism, this.#flags, INDEFINITE, null, received, null, output, [0], null] as const
    const major = await withName(this.#target, name =>
      native.initSecContext(minor, this.#credential[0], this.#context, name, ...of),
    )
    const token = takeBuffer(output)
    check('initiate', major, minor)
    return { token, needsMore: (major & CONTINUE_NEEDED) !== 0 }
  }

  [Symbol.dispose](): void {
    native.deleteSecContext([0], this.#context, null)
  }
}
