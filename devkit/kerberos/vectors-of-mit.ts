/** Suites of MIT Kerberos, as its own tests hold them in C. */
import assert from 'node:assert/strict'
import { readApRequest } from '../../src/kerberos/protocol/ap-request.ts'
import { DerReader } from '../../src/kerberos/protocol/der-reader.ts'
import { EncryptionKey } from '../../src/kerberos/protocol/encryption-key.ts'
import { deriveKey, enctypeOf, type KeyPurpose } from '../../src/kerberos/protocol/enctype.ts'
import { readKdcError } from '../../src/kerberos/protocol/kdc-error.ts'
import { AS_REPLY, readKdcReply, TGS_REPLY } from '../../src/kerberos/protocol/kdc-reply.ts'
import { Krb5Error } from '../../src/kerberos/protocol/krb5-error.ts'
import { readLogonInfo } from '../../src/kerberos/protocol/logon-info.ts'
import { PAC_BUFFER, readPac, verifyPac } from '../../src/kerberos/protocol/pac.ts'
import { passwordKey, stringToKey } from '../../src/kerberos/protocol/string-to-key.ts'
import { openTicket, readTicket } from '../../src/kerberos/protocol/ticket.ts'
import { readUpnDnsInfo } from '../../src/kerberos/protocol/upn-dns-info.ts'
import { initialiser, type Literal, literalsOf } from './c-literals.ts'
import { DECODERS, isRead } from './decoders.ts'
import type { Suite, Vector } from './vectors.ts'

export type Read = (file: string) => Buffer
export type Files = (pattern: string) => string[]

const CRYPTO = 'src/lib/crypto/crypto_tests'

/** Our types, by their names there. */
const ENCTYPES: Readonly<Record<string, number>> = {
  ENCTYPE_AES128_CTS_HMAC_SHA1_96: 17,
  ENCTYPE_AES256_CTS_HMAC_SHA1_96: 18,
  ENCTYPE_AES128_CTS_HMAC_SHA256_128: 19,
  ENCTYPE_AES256_CTS_HMAC_SHA384_192: 20,
}

const PURPOSES: Readonly<Record<number, KeyPurpose>> = { 153: 'checksum', 170: 'encryption', 85: 'integrity' }

export const mitSuites = (read: Read, files: Files): Suite[] => [
  { name: 't_decrypt', vectors: cases(read, 't_decrypt', decrypts) },
  { name: 't_cksums', vectors: cases(read, 't_cksums', checksums) },
  { name: 't_str2key', vectors: cases(read, 't_str2key', makesKeys) },
  { name: 't_derive', vectors: cases(read, 't_derive', derives) },
  { name: 'reference_encode', vectors: messages(read('src/tests/asn.1/reference_encode.out').toString()) },
  { name: 't_pac', vectors: pacs(read('src/lib/krb5/krb/t_pac.c').toString()) },
  { name: 'seed corpora', vectors: corpora(read, files('src/tests/fuzzing/*_seed_corpus/*')) },
]

/** `run`: a case by the literals from its encryption type on, and those before. */
function cases(
  read: Read,
  file: string,
  run: (etype: number, from: Cursor, before: readonly Literal[]) => unknown,
): Vector[] {
  const literals = literalsOf(initialiser(read(`${CRYPTO}/${file}.c`).toString(), 'test_cases'))
  return literals.flatMap((literal, at) => {
    const etype = typeof literal === 'string' ? ENCTYPES[literal] : undefined
    if (etype === undefined) return []
    return [{ name: `${literal} at ${at}`, run: () => run(etype, new Cursor(literals, at + 1), literals.slice(0, at)) }]
  })
}

class Cursor {
  readonly #literals: readonly Literal[]
  #at: number

  constructor(literals: readonly Literal[], at: number) {
    this.#literals = literals
    this.#at = at
  }

  number(): number {
    const found = this.#literals[this.#at++]
    assert(typeof found === 'number', `${found}`)
    return found
  }

  octets(): Buffer {
    const found = this.#literals[this.#at++]
    assert(Buffer.isBuffer(found), `${found}`)
    return found
  }

  skip(): void {
    this.#at++
  }

  /** krb5_data: the name of its kind, its length, its octets. */
  data(): Buffer {
    this.#at++
    const length = this.number()
    return this.octets().subarray(0, length)
  }
}

function decrypts(etype: number, from: Cursor): void {
  const plain = from.data()
  const usage = from.number()
  const key = new EncryptionKey(etype, from.data())
  assert.deepEqual(key.decrypt(usage, from.data()), plain)
}

function checksums(etype: number, from: Cursor, before: readonly Literal[]): void {
  const [text] = before.slice(-2)
  assert(Buffer.isBuffer(text))
  const usage = from.number()
  const key = new EncryptionKey(etype, from.data())
  assert.deepEqual(key.checksum(usage, text), from.data())
}

async function makesKeys(etype: number, from: Cursor): Promise<string> {
  const [password, salt, parameters, expected] = [from.octets(), from.data(), from.data(), from.data()]
  const key = await passwordKey(etype, password, salt, parameters.readUInt32BE())
  key.read(octets => assert.deepEqual(Buffer.from(octets), expected))
  try {
    await stringToKey(etype, password, salt, parameters)
    return 'agrees'
  } catch (error) {
    assert(error instanceof Krb5Error && error.code === 'iterations-out-of-bounds')
    return 'agrees, with fewer iterations than a KDC may ask for'
  }
}

function derives(etype: number, from: Cursor): void {
  const [key, constant] = [from.data(), from.data()]
  const purpose = PURPOSES[constant[4] ?? 0]
  assert(purpose)
  // The name of the derivation stands between.
  from.skip()
  assert.deepEqual(deriveKey(enctypeOf(etype), key, constant.readUInt32BE(), purpose), from.data())
}

/** Those of our decoders; their keys are of type 1, DES, and so refused. */
const READERS: Readonly<Record<string, (octets: Buffer) => unknown>> = {
  encode_krb5_ticket: octets => readTicket(new DerReader(octets)),
  encode_krb5_as_rep: octets => readKdcReply(octets, AS_REPLY),
  encode_krb5_tgs_rep: octets => readKdcReply(octets, TGS_REPLY),
  encode_krb5_ap_req: readApRequest,
  encode_krb5_error: readKdcError,
}

const messages = (text: string): Vector[] =>
  text
    .trim()
    .split('\n')
    .map(line => {
      const [name = '', hex = ''] = line.split(': ')
      const octets = Buffer.from(hex.replaceAll(' ', ''), 'hex')
      const reader = READERS[name.replace(/\(.*/, '')]
      return { name, run: () => (reader === undefined ? byAll(octets) : void reader(octets)) }
    })

function byAll(octets: Buffer): string {
  const reading = DECODERS.filter(decoder => decoder.name !== 'Negotiate' && isRead(decoder, octets))
  return `read or refused by all, read by ${reading.map(({ name }) => name).join(', ') || 'none'}`
}

const corpora = (read: Read, names: readonly string[]): Vector[] =>
  names.map(name => ({ name, run: () => void byAll(read(name)) }))

/** PACs of Active Directory, and a whole ticket of Windows Server 2022. */
function pacs(text: string): Vector[] {
  const keyOf = (name: string) => {
    const literals = literalsOf(initialiser(text, name))
    return new EncryptionKey(18, literals.find(literal => Buffer.isBuffer(literal)) ?? Buffer.alloc(0))
  }
  const pacOf = (name: string) =>
    Buffer.from(literalsOf(initialiser(text, name)).filter(literal => typeof literal === 'number'))
  const entries = [...text.matchAll(/\{ (\d+), [01], [01], (s4u_\w+), sizeof/g)]
  const signed = entries.map(([, seconds, name = '']) => ({
    name,
    run: () => {
      const key = keyOf(name.includes('xrealm') ? 's4u_tgt_srv_key' : 's4u_srv_key')
      const octets = pacOf(name)
      const pac = readPac(octets)
      const info = pac.get(PAC_BUFFER.clientInfo)
      assert(info)
      // Across realms the client is named with its realm, which a ticket for a service of ours never has.
      const client = info.subarray(10).toString('utf16le')
      const ticket = { client: { type: 1, components: [client] }, authTimeMs: Number(seconds) * 1000 }
      verifyPac(octets, pac, ticket, key)
      saysWho(pac)
      return `signed, of ${client}`
    },
  }))
  return [
    { name: 'a PAC under RC4', run: () => void saysWho(readPac(pacOf('saved_pac'))) },
    ...['fuzz1', 'fuzz2'].map(name => ({ name, run: () => byAll(pacOf(name)) })),
    ...signed,
    { name: 'ticket of Windows Server 2022', run: () => ticketOfWindows(text, keyOf) },
  ]
}

function saysWho(pac: ReturnType<typeof readPac>): void {
  const [logonInfo, upn] = [pac.get(PAC_BUFFER.logonInfo), pac.get(PAC_BUFFER.upnDnsInfo)]
  if (logonInfo !== undefined) assert.match(readLogonInfo(logonInfo).userSid, /^S-1-5-21-/)
  if (upn !== undefined) assert.notEqual(readUpnDnsInfo(upn).dnsDomain, '')
}

function ticketOfWindows(text: string, keyOf: (name: string) => EncryptionKey): string {
  const octets = literalsOf(initialiser(text, 'ticket_data')).find(literal => Buffer.isBuffer(literal))
  assert(octets)
  const key = keyOf('ticket_sig_server_key')
  const opened = openTicket(readTicket(new DerReader(octets)), key)
  assert(opened.pac)
  const pac = readPac(opened.pac)
  verifyPac(opened.pac, pac, opened, key)
  saysWho(pac)
  assert.deepEqual([opened.client.components, opened.clientRealm], [['administrator'], 'W2022-L7.BASE'])
  return `opens, signed, buffers ${[...pac.keys()].join(' ')}`
}
