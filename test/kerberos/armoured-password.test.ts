/** Passwords inside the armour of our own ticket (FAST, RFC 6113), with MIT's KDC, and with somebody on the way. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { parseKdc } from '../../config/kdc-address.ts'
import { canonicalPrincipal } from '../../src/kerberos/canonical-principal.ts'
import { createKdcClient, type KdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool, type KdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { KeytabFile } from '../../src/kerberos/keytab-file.ts'
import { createPasswordVerifier, type PasswordVerifier } from '../../src/kerberos/password.ts'
import { AS_REPLY, readKdcReply } from '../../src/kerberos/protocol/kdc-reply.ts'
import { createServiceCredential, type ServiceCredential } from '../../src/kerberos/service-credential.ts'
import { system } from '../../src/system.ts'
import { type MitKdc, startMitKdc } from './mit-kdc.ts'

const REALM = 'CORP.TEST'
const names = { realm: REALM }
const SPN = 'HTTP/proxy.corp.test'
/** PA-FX-FAST and PA-ENC-TIMESTAMP as types of padata: [1] INTEGER. */
const FAST = Buffer.from('a10402020088', 'hex')
const TIMESTAMP = Buffer.from('a103020102', 'hex')

type Change = (reply: Buffer, request: Buffer) => Buffer
const unchanged: Change = reply => reply

let kdc: MitKdc
let keytab: KeytabFile
let service: ServiceCredential
let verifier: PasswordVerifier
let change = unchanged
const sent: Buffer[] = []

before(async () => {
  kdc = await startMitKdc({
    realm: REALM,
    users: { alice: 'alice-Passw0rd', bob: 'bob-Passw0rd' },
    services: [SPN, 'svc-proxy'],
  })
  await kdc.kadmin('modprinc +needchange bob')
  const address = parseKdc(kdc.kdc)
  assert(address)
  const real = createKdcPool({ locator: configuredKdcs([address]), timeoutMs: 5_000, monotonic: system.monotonic })
  const pool: KdcPool = {
    ...real,
    async ask(request, read) {
      sent.push(request)
      const reply = await real.ask(request, octets => Buffer.from(octets))
      return read(change(reply, request))
    },
  }
  const client: KdcClient = createKdcClient({ pools: new Map([[REALM, pool]]), realm: REALM, now: system.now })
  keytab = new KeytabFile(kdc.keytab)
  const gate = createKdcGate({ ...system, failureThreshold: 100 })
  service = createServiceCredential({ client, gate, keytab, principal: `svc-proxy@${REALM}`, now: system.now })
  verifier = createPasswordVerifier({
    ...{ client, gate, keytab, servicePrincipal: `${SPN}@${REALM}`, directory: names, service },
  })
})
beforeEach(async () => {
  change = unchanged
  await service.current()
  sent.length = 0
})
after(async () => {
  service?.[Symbol.dispose]()
  keytab?.[Symbol.dispose]()
  await kdc?.close()
})

const check = (password: string, name = 'alice') => verifier.verify(canonicalPrincipal(name, names), password)
const isArmoured = (request: Buffer) => request.includes(FAST)

/** An octet of the padata that is armoured, from its end. */
const flipInArmour =
  (fromEnd: number): Change =>
  (reply, request) => {
    if (!isArmoured(request)) return reply
    const at = reply.indexOf(FAST)
    assert(at > 0, 'no armour in the reply')
    const octets = Buffer.from(reply)
    const place = at + 40 + fromEnd
    octets[place] = (octets[place] ?? 0) ^ 1
    return octets
  }

describe('a password, with a KDC that offers armour', () => {
  it('is proven inside it: no timestamp under its key goes out', async () => {
    await check('alice-Passw0rd')
    assert.equal(sent.filter(isArmoured).length, 1)
    // AS-REQ without proof, with armour; TGS-REQ.
    assert.deepEqual(
      sent.map(request => request[0]),
      [0x6a, 0x6a, 0x6c],
    )
    assert(!sent.slice(0, 2).some(request => request.includes(TIMESTAMP)), 'a timestamp was sent')
  })

  it('is refused with the reason that stands inside the armour', async () => {
    await assert.rejects(check('another'), { code: 'password-wrong' })
    assert.equal(sent.filter(isArmoured).length, 1)
    // Of these MIT's KDC speaks before it asks for a proof, and so outside.
    await assert.rejects(check('bob-Passw0rd', 'bob'), { code: 'password-expired' })
    await assert.rejects(check('another', 'bob'), { code: 'password-wrong' }, 'told to who knows it, and nobody else')
    await assert.rejects(check('x', 'nobody'), { code: 'client-unknown' })
  })

  it('is not judged by an error that anybody can have written: outside of the armour it is none (pitfall 29)', async () => {
    for (const code of [6, 18, 23, 24]) {
      await service.current()
      let forged: Buffer | undefined
      change = (reply, request) => {
        // The KDC's own answer to the first question, with another number.
        if (!isArmoured(request)) {
          forged ??= reply[0] === 0x7e ? withCode(reply, code) : undefined
          return reply
        }
        return forged ?? assert.fail('no error was seen')
      }
      await assert.rejects(check('alice-Passw0rd'), { code: 'kdc-reply-invalid' }, `${code}`)
    }
  })

  it('is not taken for right where the armour of the reply, its error, or the ticket was changed', async () => {
    for (const place of [0, 20, 60]) {
      await service.current()
      change = flipInArmour(place)
      await assert.rejects(check('alice-Passw0rd'), { code: 'kdc-reply-invalid' })
      await service.current()
      await assert.rejects(check('another'), { code: 'kdc-reply-invalid' })
    }
    await service.current()
    change = (reply, request) => {
      if (!isArmoured(request) || reply[0] !== 0x6b) return reply
      const octets = Buffer.from(reply)
      // In the ticket, over which no key of ours has a check but that of the end of the exchange.
      const { ticket } = readKdcReply(octets, AS_REPLY)
      const at = octets.indexOf(ticket.octets) + ticket.octets.length - 4
      octets[at] = (octets[at] ?? 0) ^ 1
      return octets
    }
    await assert.rejects(check('alice-Passw0rd'), { code: 'kdc-reply-invalid' })
  })

  it('is right again after that, with a new ticket of our own', async () => {
    change = flipInArmour(0)
    await assert.rejects(check('alice-Passw0rd'))
    change = unchanged
    assert.equal(service.held(), undefined)
    await check('alice-Passw0rd')
  })

  it('is not proven outside of it where somebody takes the offer out', async () => {
    change = (reply, request) => {
      const at = reply[0] === 0x7e && !isArmoured(request) ? reply.indexOf(FAST) : -1
      if (at < 0) return reply
      const octets = Buffer.from(reply)
      octets[at + 5] = 0xfe
      return octets
    }
    await assert.rejects(check('alice-Passw0rd'), { code: 'kdc-reply-invalid' })
    assert(!sent.some(request => request.includes(TIMESTAMP)), 'a timestamp was sent')
  })
})

function withCode(error: Buffer, code: number): Buffer {
  const octets = Buffer.from(error)
  const at = octets.indexOf(Buffer.from([0xa6, 3, 2, 1, 25]))
  assert(at > 0)
  octets[at + 4] = code
  return octets
}
