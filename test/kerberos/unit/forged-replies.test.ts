/**
 * Replies as only a KDC could make them, with one thing wrong: the session key of the TGT is known here. What is wrong is
 * what the title says.
 */
import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { serviceKey } from '../../../devkit/realm/forged-token.ts'
import type { HeldTicket } from '../../../src/kerberos/kdc/held-ticket.ts'
import { createKdcClient } from '../../../src/kerberos/kdc/kdc-client.ts'
import type { KdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { createTicketGranting } from '../../../src/kerberos/kdc/ticket-granting.ts'
import { DerReader } from '../../../src/kerberos/protocol/der-reader.ts'
import {
  field,
  flags,
  generalString,
  integer,
  message,
  octetString,
  sequence,
  time,
} from '../../../src/kerberos/protocol/der-writer.ts'
import { writeChecksum, writeEncryptedData, writeEncryptionKey } from '../../../src/kerberos/protocol/encrypted-data.ts'
import { EncryptionKey, KEY_USAGE } from '../../../src/kerberos/protocol/encryption-key.ts'
import { KDC_OPTION, type PaData, writePaData } from '../../../src/kerberos/protocol/kdc-request.ts'
import {
  NAME_TYPE,
  nameOf,
  type PrincipalName,
  ticketGrantingService,
  writePrincipalName,
} from '../../../src/kerberos/protocol/principal-name.ts'
import { resourceBasedDelegation, s4uX509User } from '../../../src/kerberos/protocol/s4u-padata.ts'
import { readTicket } from '../../../src/kerberos/protocol/ticket.ts'
import { asked, type Wrong as WrongReply } from '../forged-kdc.ts'

const REALM = 'CORP.TEST'
const nowMs = Date.UTC(2026, 5, 1)
const HOUR_MS = 3_600_000
const alice = nameOf('alice', NAME_TYPE.principal)
const account = nameOf('svc-proxy', NAME_TYPE.principal)
const web = nameOf('HTTP/devops.corp.test', NAME_TYPE.serviceInstance)
const tgtKey = new EncryptionKey(18, Buffer.alloc(32, 3))

/** What may be other than asked. */
interface Wrong extends WrongReply {
  readonly tag?: number
  readonly usage?: number
  readonly etype?: number
  readonly sessionEtype?: number
  readonly padata?: readonly PaData[]
}

const ticketFor = (service: PrincipalName, realm = REALM): Buffer =>
  message(
    1,
    field(0, integer(5)),
    field(1, generalString(realm)),
    field(2, writePrincipalName(service)),
    field(3, writeEncryptedData(18, serviceKey.encrypt(KEY_USAGE.ticket, Buffer.from('the KDC alone reads this')))),
  )

const tgt: HeldTicket = {
  ticket: readTicket(new DerReader(ticketFor(ticketGrantingService(REALM)))),
  ...{ sessionKey: tgtKey, clientRealm: REALM, client: account, flags: 0, endTimeMs: nowMs + HOUR_MS },
}

function reply(request: Buffer, service: PrincipalName, wrong: Wrong): Buffer {
  const { realm = REALM, endMs = nowMs + HOUR_MS, startMs = nowMs, sessionEtype = 18 } = wrong
  const named = wrong.service ?? service
  const part = message(
    wrong.tag ?? 26,
    field(
      0,
      sessionEtype === 18
        ? writeEncryptionKey(tgtKey)
        : sequence(field(0, integer(sessionEtype)), field(1, octetString(Buffer.alloc(16, 5)))),
    ),
    field(1, sequence()),
    field(2, integer(wrong.nonce ?? asked(request).nonce)),
    ...[field(4, flags(0)), field(5, time(nowMs)), field(6, time(startMs)), field(7, time(endMs))],
    ...[field(9, generalString(realm)), field(10, writePrincipalName(named))],
  )
  return message(
    13,
    ...[field(0, integer(5)), field(1, integer(13))],
    field(2, wrong.padata && writePaData(wrong.padata)),
    ...[field(3, generalString(wrong.clientRealm ?? REALM)), field(4, writePrincipalName(wrong.client ?? account))],
    field(5, ticketFor(wrong.ticketService ?? named, realm)),
    field(6, writeEncryptedData(wrong.etype ?? 18, tgtKey.encrypt(wrong.usage ?? KEY_USAGE.tgsReply, part))),
  )
}

/** A KDC that answers so; it counts. */
function kdcWith(answer: (request: Buffer) => Buffer): KdcPool & { asked: number } {
  const pool = {
    asked: 0,
    ask: async <T>(request: Buffer, read: (octets: Buffer) => T): Promise<T> => {
      pool.asked++
      return read(answer(request))
    },
    states: () => [],
  }
  return pool
}

const clientOf = (pool: KdcPool) => createKdcClient({ pools: new Map([[REALM, pool]]), realm: REALM, now: () => nowMs })

const askedFor = (wrong: Wrong): Promise<HeldTicket> =>
  clientOf(kdcWith(request => reply(request, web, wrong))).serviceTicket(tgt, web)

describe('a reply to a TGS request', () => {
  it('as it should be is taken', async () => {
    assert.deepEqual((await askedFor({})).client, account)
  })

  it('whose ticket is named otherwise in clear than under our key is refused (pitfall 25)', async () => {
    const other = nameOf('HTTP/other.corp.test', NAME_TYPE.serviceInstance)
    await assert.rejects(askedFor({ ticketService: other }), { code: 'mismatch' })
    await assert.rejects(askedFor({ service: other, ticketService: web }), { code: 'mismatch' })
  })

  for (const [what, wrong] of Object.entries<Wrong>({
    'another nonce': { nonce: 1 },
    'another service': { service: nameOf('HTTP/other.corp.test', NAME_TYPE.serviceInstance) },
    'another realm': { realm: 'OTHER.TEST' },
    'another client': { client: alice },
    'a client of another realm': { clientRealm: 'OTHER.TEST' },
    'a start that is yet to come': { startMs: nowMs + HOUR_MS / 2 },
    'an end that is over': { startMs: nowMs - HOUR_MS, endMs: nowMs - HOUR_MS / 2 },
    'an end later than asked for': { endMs: nowMs + 48 * HOUR_MS },
  }))
    it(`with ${what} is refused (pitfall 26)`, async () => {
      await assert.rejects(askedFor(wrong), { code: 'mismatch' })
    })

  it('of an encryption that was not offered is refused, in the reply and in the session (pitfall 27)', async () => {
    for (const etype of [23, -128, 3, 17]) await assert.rejects(askedFor({ etype }), { code: 'integrity' })
    for (const sessionEtype of [23, -128, 3])
      await assert.rejects(askedFor({ sessionEtype }), { code: 'enctype-unsupported' })
  })

  it('with the tag of either reply around its part for us is taken (pitfall 34)', async () => {
    for (const tag of [25, 26]) await askedFor({ tag })
    await assert.rejects(askedFor({ tag: 27 }), { code: 'malformed' })
  })

  it('under the session key is of usage 8, for we send no subkey: one of usage 9 is refused (pitfall 35)', async () => {
    await askedFor({ usage: 8 })
    await assert.rejects(askedFor({ usage: 9 }), { code: 'integrity' })
  })
})

describe('a referral', () => {
  const to = (realm: string): Wrong => ({ service: ticketGrantingService(realm) })

  it('that was not asked for is refused', async () => {
    await assert.rejects(askedFor(to('OTHER.TEST')), { code: 'mismatch' })
  })

  const options = KDC_OPTION.forwardable | KDC_OPTION.canonicalize
  /** Which realm refers to which; how it ends, and how often a KDC was asked. */
  const follow = async (answers: Readonly<Record<string, string>>) => {
    const kdcs = Object.entries(answers).map(
      ([realm, next]) => [realm, kdcWith(request => reply(request, web, { ...to(next), realm }))] as const,
    )
    const outcome = await createTicketGranting(new Map(kdcs), REALM, () => nowMs)
      .ask(tgt, { service: web, options })
      .catch((error: { readonly code: string }) => error.code)
    return [outcome, kdcs.reduce((sum, [, { asked }]) => sum + asked, 0)]
  }

  it('to the realm itself, in a circle, to one that nobody configured, or through more than ten is refused (pitfall 30)', async () => {
    assert.deepEqual(await follow({ [REALM]: REALM }), ['mismatch', 1])
    assert.deepEqual(await follow({ [REALM]: 'OTHER.TEST', 'OTHER.TEST': REALM }), ['mismatch', 2])
    assert.deepEqual(await follow({ [REALM]: 'EVIL.TEST' }), ['realm-unknown', 1])
    const chain = Array.from({ length: 20 }, (_, index) => [`R${index}.TEST`, `R${index + 1}.TEST`] as const)
    assert.deepEqual(await follow({ [REALM]: 'R0.TEST', ...Object.fromEntries(chain) }), ['mismatch', 10])
  })
})

describe('a ticket in the name of somebody', () => {
  it('is that of the person whose evidence went along, or none (S4U2proxy)', async () => {
    const evidence: HeldTicket = { ...tgt, client: alice }
    const proxied = (wrong: Wrong) =>
      clientOf(kdcWith(request => reply(request, web, wrong))).s4u2proxy(tgt, evidence, web)
    assert.deepEqual((await proxied({ client: alice })).client, alice)
    const bob = nameOf('bob', NAME_TYPE.principal)
    for (const wrong of [{ client: bob }, { client: account }, { client: alice, clientRealm: 'OTHER.TEST' }])
      await assert.rejects(proxied(wrong), { code: 'mismatch' })
  })

  it('is of the realm that was asked for (S4U2self)', async () => {
    const evidence = (wrong: Wrong) => clientOf(kdcWith(request => reply(request, account, wrong))).s4u2self(tgt, alice)
    assert.deepEqual((await evidence({ client: alice })).client, alice)
    await assert.rejects(evidence({ client: alice, clientRealm: 'OTHER.TEST' }), { code: 'mismatch' })
  })
})

describe('the answer to whom a ticket was asked for (PA-S4U-X509-USER)', () => {
  const evidence = (padata?: (nonce: number) => PaData) => {
    const pool = kdcWith(request => {
      const nonce = asked(request).nonce
      return reply(request, account, { client: alice, ...(padata === undefined ? {} : { padata: [padata(nonce)] }) })
    })
    return clientOf(pool).s4u2self(tgt, alice)
  }
  /** As the KDC writes it; `option`: that the reply has a usage of its own. */
  const signed = (
    nonce: number,
    { user = alice, realm = REALM, usage = 27, key = tgtKey, option = 0x2000_0000 } = {},
  ) => {
    const id = sequence(
      ...[field(0, integer(nonce)), field(1, writePrincipalName(user)), field(2, generalString(realm))],
      field(4, flags(option)),
    )
    const checksum = writeChecksum(key.enctype.checksumType, key.checksum(usage, id))
    return { type: 130, value: sequence(field(0, id), field(1, checksum)) }
  }

  it('may be missing, or be signed with either usage as its option says (pitfall 2)', async () => {
    await evidence()
    await evidence(nonce => signed(nonce))
    await evidence(nonce => signed(nonce, { usage: 26, option: 0 }))
    await assert.rejects(
      evidence(nonce => signed(nonce, { usage: 26 })),
      { code: 'integrity' },
    )
    await assert.rejects(
      evidence(nonce => signed(nonce, { option: 0 })),
      { code: 'integrity' },
    )
  })

  it('with another nonce, checksum or name is refused (pitfall 39)', async () => {
    const bob = nameOf('bob', NAME_TYPE.principal)
    await assert.rejects(
      evidence(nonce => signed(nonce + 1)),
      { code: 'mismatch' },
    )
    await assert.rejects(
      evidence(nonce => signed(nonce, { user: bob })),
      { code: 'mismatch' },
    )
    await assert.rejects(
      evidence(nonce => signed(nonce, { realm: 'OTHER.TEST' })),
      { code: 'mismatch' },
    )
    await assert.rejects(
      evidence(nonce => signed(nonce, { key: serviceKey })),
      { code: 'integrity' },
    )
    // Our own question, sent back.
    await assert.rejects(
      evidence(nonce => s4uX509User({ user: alice, realm: REALM, nonce }, tgtKey)),
      { code: 'integrity' },
    )
  })
})

test('the flag of resource-based delegation is bit 3 (MS-KILE 2.2.10, MS-SFU 2.2.5)', () => {
  const { type, value } = resourceBasedDelegation()
  assert.deepEqual([type, value.toString('hex')], [167, '3009a00703050010000000'])
})
