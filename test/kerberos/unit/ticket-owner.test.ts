/** Whose a ticket is, by its PAC, for as long as it is kept opened; and what the PAC says of who got it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { forgedLogonInfo, type LogonInfoChanges } from '../../../devkit/realm/forged-logon-info.ts'
import { carrying, forgedPac, type PacBuffer } from '../../../devkit/realm/forged-pac.ts'
import {
  authorization,
  type Forgery,
  forgedKeytab,
  forgedTicket,
  serviceKey,
  sessionKey,
} from '../../../devkit/realm/forged-token.ts'
import { madeKeytab } from '../../../devkit/realm/made-keytab.ts'
import { namesInEvidence } from '../../../src/kerberos/evidence-names.ts'
import { MAX_TOKEN_BYTES } from '../../../src/kerberos/kerberos-token.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { DerReader } from '../../../src/kerberos/protocol/der-reader.ts'
import { sequence } from '../../../src/kerberos/protocol/der-writer.ts'
import { EncryptionKey } from '../../../src/kerberos/protocol/encryption-key.ts'
import { readKeytab } from '../../../src/kerberos/protocol/keytab.ts'
import { wrapInSpnego } from '../../../src/kerberos/protocol/negotiate-token.ts'
import { PAC_BUFFER } from '../../../src/kerberos/protocol/pac.ts'
import { NAME_TYPE, nameOf } from '../../../src/kerberos/protocol/principal-name.ts'
import { readTicket } from '../../../src/kerberos/protocol/ticket.ts'
import { alice, type ForgedAcceptor, startForgedAcceptor } from './forged-acceptor.ts'

const nowMs = Date.UTC(2026, 5, 1)
const strangersKey = new EncryptionKey(18, Buffer.alloc(32, 1))

/** Of a ticket in the name of alice. */
function pacWith(changes: LogonInfoChanges, { key = serviceKey, more = [] as readonly PacBuffer[] } = {}) {
  const buffers = [[PAC_BUFFER.logonInfo, forgedLogonInfo(changes)] as const, ...more]
  return carrying(forgedPac(key, { name: 'alice', authTimeMs: nowMs - 60_000, buffers }))
}

describe('a ticket', () => {
  let door: ForgedAcceptor
  beforeEach(() => {
    door = startForgedAcceptor({ question: { sids: new Set(['S-1-18-1']), indicators: new Set() } })
  })
  afterEach(() => door[Symbol.dispose]())
  const shown = (ticket: Buffer) => door.forged({ ticket })

  it('is of the account that its PAC names, whatever name was asked with', async () => {
    assert.equal(await door.forged(pacWith({ accountName: 'carol' })), 'carol@CORP.TEST')
    assert.equal(await door.forged(pacWith({ accountName: 'CAROL' })), 'carol@CORP.TEST')
  })

  it('that was taken by its name is nobody’s from when its realm is known to name accounts', async () => {
    const nameless = forgedTicket({ nowMs })
    assert.deepEqual([await shown(nameless), await shown(nameless)], [alice, alice])
    assert.equal(await door.forged(pacWith({})), alice)
    assert.equal(await shown(nameless), 'principal-malformed')
    // Another part has seen such a ticket.
    const naming = new Set<string>()
    using other = startForgedAcceptor({ naming })
    assert.equal(await other.forged({ ticket: nameless }), alice)
    naming.add('CORP.TEST')
    assert.equal(await other.forged({ ticket: nameless }), 'principal-malformed')
  })

  it('without PAC waits for the word of its realm, which is asked of no ticket with one', async () => {
    const naming = new Set<string>()
    const asked: string[] = []
    let says: string | undefined
    using other = startForgedAcceptor({
      naming,
      learnNaming: async realm => {
        asked.push(realm)
        if (says !== undefined) naming.add(says)
      },
    })
    const nameless = forgedTicket({ nowMs })
    assert.equal(await other.forged({ ticket: nameless }), alice, 'the realm has not said so')
    says = 'CORP.TEST'
    assert.equal(await other.forged({ ticket: nameless }), 'principal-malformed')
    assert.equal(await other.forged(pacWith({})), alice)
    assert.equal(await other.forged({ ticket: nameless }), 'principal-malformed')
    assert.deepEqual(asked, ['CORP.TEST', 'CORP.TEST'])
  })

  it('says that a service has got it, by S4U2self or by S4U2proxy alone', async () => {
    const byService = async (changes: Partial<Forgery>) =>
      (await door.acceptor.accept(door.token(changes))).proof?.isByService
    const delegated = [[PAC_BUFFER.delegationInfo, Buffer.alloc(8)]] as const
    assert.equal(await byService(pacWith({})), false)
    assert.equal(await byService(pacWith({ assertedBy: 2 })), true)
    assert.equal(await byService(pacWith({}, { more: delegated })), true)
  })

  it('may have as many octets as Windows lets it, and not one more', async () => {
    const tokenWith = (bytes: number) =>
      door.token({ authorizationData: sequence(authorization(9_999, Buffer.alloc(bytes))) })
    const bytes = 60_000 + MAX_TOKEN_BYTES - tokenWith(60_000).length
    const [largest, larger] = [tokenWith(bytes), tokenWith(bytes + 1)]
    assert.deepEqual([largest.length, larger.length], [MAX_TOKEN_BYTES, MAX_TOKEN_BYTES + 1])
    assert.deepEqual([await door.verdictOf(largest), await door.verdictOf(larger)], [alice, 'token-defective'])
    assert.equal(await door.verdictOf(wrapInSpnego(door.token({}))), alice)
    assert.equal(await door.verdictOf(wrapInSpnego(tokenWith(bytes))), 'token-defective', 'SPNEGO counts, too')
  })
})

describe('a ticket that was opened', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'torhaus-owner-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  it('is of no use from when its key is taken out of the keytab', async () => {
    const place = join(folder, 'keytab')
    writeFileSync(place, forgedKeytab())
    using keytab = new KeytabFile(place)
    using door = startForgedAcceptor({ keytab })
    const ticket = forgedTicket({ nowMs })
    assert.equal(await door.forged({ ticket }), alice)
    writeFileSync(place, madeKeytab({ principal: 'HTTP/proxy.corp.test@CORP.TEST' }))
    assert.equal(await door.forged({ ticket }), 'wrong-service-key')
  })
})

describe('an evidence ticket', () => {
  // As it usually is: the key of before, and one of another type.
  const others = [
    { principal: 'HTTP/proxy.corp.test@CORP.TEST' },
    { principal: 'HTTP/proxy.corp.test@CORP.TEST', etype: 17, keyBytes: 16 },
  ]
  const keys = readKeytab(Buffer.concat([forgedKeytab(), madeKeytab(...others).subarray(2)])).entries
  const said = (changes: Partial<Forgery>) =>
    namesInEvidence(
      {
        ticket: readTicket(new DerReader(forgedTicket({ nowMs, ...changes }))),
        client: nameOf('alice', NAME_TYPE.principal),
        ...{ sessionKey, clientRealm: 'CORP.TEST', flags: 0, endTimeMs: nowMs },
      },
      keys,
    )

  it('is of the account that its PAC names', () => {
    assert.equal(said(pacWith({ accountName: 'carol' })).account, 'carol@CORP.TEST')
    assert.equal(said({}).account, alice)
  })

  it('whose PAC our key has not signed is none', () => {
    assert.throws(() => said(pacWith({}, { key: strangersKey })), { name: 'Krb5Error', code: 'integrity' })
    const ofAnother = carrying(forgedPac(serviceKey, { name: 'carol', authTimeMs: nowMs - 60_000, buffers: [] }))
    assert.throws(() => said(ofAnother), { name: 'Krb5Error', code: 'integrity' })
  })

  it('that no key opens is no evidence, and where the keytab has keys of that type and number no fault of ours', () => {
    const ofNumber = (kvno: number) => () => said({ ticketKey: strangersKey, kvno })
    for (const kvno of [300, 1]) assert.throws(ofNumber(kvno), { name: 'Krb5Error', code: 'integrity' })
    assert.throws(ofNumber(301), { code: 'service-credential-refused' })
    assert.throws(() => said({ ticketEtype: 20 }), { code: 'service-credential-refused' })
  })

  it('says that somebody is in Protected Users', () => {
    assert.equal(said(pacWith({})).protection, undefined)
    assert.equal(said(pacWith({ group: 525 })).protection, 'a member of Protected Users')
    assert.equal(said(pacWith({ group: 526 })).protection, undefined)
  })
})
