/** What a KDC is asked for tickets with, in our realm and in another, and what its errors are about there. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { forgedTicket } from '../../../devkit/realm/forged-token.ts'
import type { HeldTicket } from '../../../src/kerberos/kdc/held-ticket.ts'
import { createKdcClient } from '../../../src/kerberos/kdc/kdc-client.ts'
import type { KdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { codedFailure } from '../../../src/kerberos/kdc-failure.ts'
import { createKdcGate } from '../../../src/kerberos/kdc-gate.ts'
import { DerReader, UNIVERSAL } from '../../../src/kerberos/protocol/der-reader.ts'
import { EncryptionKey } from '../../../src/kerberos/protocol/encryption-key.ts'
import { KDC_OPTION } from '../../../src/kerberos/protocol/kdc-request.ts'
import {
  NAME_TYPE,
  nameOf,
  type PrincipalName,
  readPrincipalName,
  ticketGrantingService,
} from '../../../src/kerberos/protocol/principal-name.ts'
import { readTicket } from '../../../src/kerberos/protocol/ticket.ts'
import { refusal, tgsReply } from '../forged-kdc.ts'

const [HOME, AWAY] = ['CORP.TEST', 'PARTNER.TEST'] as const
const nowMs = Date.UTC(2026, 5, 1)
const key = new EncryptionKey(18, Buffer.alloc(32, 3))
const ours = nameOf('svc-proxy', NAME_TYPE.principal)
const web = nameOf('HTTP/devops.corp.test', NAME_TYPE.serviceInstance)
const alice = nameOf('alice', NAME_TYPE.principal)
const upn = { type: NAME_TYPE.enterprise, components: ['ada@other.example'] }

const held = (service: PrincipalName, client = ours): HeldTicket => ({
  ticket: readTicket(new DerReader(forgedTicket({ nowMs, service }))),
  ...{ client, sessionKey: key, clientRealm: HOME, flags: 0, endTimeMs: nowMs + 3_600_000 },
})
const tgt = held(ticketGrantingService(HOME))

interface Question {
  readonly realm: string
  readonly service: PrincipalName
  readonly isToResolve: boolean
  readonly additional: Buffer | undefined
}

function questionIn(request: Buffer): Question {
  const fields = DerReader.only(request, 0x6c, UNIVERSAL.sequence)
  for (const number of [1, 2]) fields.integer(number)
  fields.field(3, UNIVERSAL.sequence)
  const body = fields.field(4, UNIVERSAL.sequence)
  const options = body.flags(0)
  const [realm, service] = [body.string(2), readPrincipalName(body, 3)]
  while (!body.done && !body.has(11)) body.element()
  const additional = body.optional(11, (reader, number) => reader.field(number, UNIVERSAL.sequence).rest())
  return { realm, service, isToResolve: (options & KDC_OPTION.canonicalize) !== 0, additional }
}

/** The way to the other realm and back; `refuse`: who says which error instead. */
function kdcs(refuse: Readonly<Record<string, number>> = {}, client = 'ada') {
  const asked: Question[] = []
  const answer = (request: Buffer): Buffer => {
    const question = questionIn(request)
    asked.push(question)
    const { realm } = question
    const name = question.service.components.join('/')
    const code = refuse[`${realm} ${name}`]
    if (code !== undefined) return refusal(code, nowMs)
    // Asked for ourselves, another realm refers to ours; and ours to it, whose UPN that is.
    const isTheirs = question.isToResolve && !asked.some(before => before.realm === AWAY) && client === 'theirs'
    const away = isTheirs ? ticketGrantingService(AWAY) : question.service
    const service = realm === AWAY ? ticketGrantingService(HOME) : away
    const ticket = forgedTicket({ nowMs, service, realm })
    const isOfAda = name === 'svc-proxy' && asked.some(before => before.realm === AWAY)
    const clientRealm = isOfAda ? AWAY : HOME
    const parts = { key, sessionKey: key, nowMs, ticket, client, endMs: nowMs + 3_600_000 }
    return tgsReply(request, parts, { realm, service, clientRealm })
  }
  const pool: KdcPool = { ask: async (request, read) => read(answer(request)), states: () => [] }
  const pools = new Map([HOME, AWAY].map(realm => [realm, pool]))
  return { asked, client: createKdcClient({ pools, realm: HOME, now: () => nowMs }) }
}

const said = (asked: readonly Question[]) =>
  asked.map(({ realm, service, isToResolve }) => [realm, service.components.join('/'), isToResolve])

describe('for a ticket in the name of somebody, a KDC', () => {
  it('is asked to resolve a UPN, and no name of an account', async () => {
    const own = kdcs({}, 'alice')
    await own.client.s4u2self(tgt, alice)
    assert.deepEqual(said(own.asked), [[HOME, 'svc-proxy', false]])
    const ofUpn = kdcs()
    await ofUpn.client.s4u2self(tgt, upn)
    assert.deepEqual(said(ofUpn.asked), [[HOME, 'svc-proxy', true]])
  })

  it('of another realm is asked by our whole name, and ours is asked where it refers to it', async () => {
    const { asked, client } = kdcs()
    const evidence = await client.s4u2self(tgt, nameOf('ada', NAME_TYPE.principal), AWAY)
    assert.equal(evidence.clientRealm, AWAY)
    assert.deepEqual(said(asked), [
      [HOME, `krbtgt/${AWAY}`, false],
      [AWAY, `svc-proxy@${HOME}`, true],
      [HOME, 'svc-proxy', true],
    ])
  })

  it('that refers a UPN to another realm says that it is nobody of ours: that is asked nothing, and no circuit opens', async () => {
    const { asked, client } = kdcs({}, 'theirs')
    const gate = createKdcGate({ now: () => nowMs })
    const resolve = () => gate.run(() => codedFailure('s4u2self', () => client.s4u2self(tgt, upn)))
    for (let round = 1; round <= 5; round++) {
      await assert.rejects(resolve(), { code: 'foreign-realm' })
      assert.equal(asked.length, round)
    }
    assert.deepEqual([gate.state(), gate.counters().failed], ['closed', 0])
  })

  it('is shown the evidence for a ticket to a server, and nothing with other questions', async () => {
    const { asked, client } = kdcs({}, 'alice')
    const evidence = held(ours, alice)
    await client.s4u2proxy(tgt, evidence, web)
    assert.deepEqual(asked[0]?.additional, evidence.ticket.octets)
    await client.s4u2self(tgt, alice)
    assert.equal(asked[1]?.additional, undefined)
  })

  it('is asked with a TGT and with no other ticket', async () => {
    const { asked, client } = kdcs()
    await assert.rejects(client.s4u2proxy(held(web), held(ours, alice), web), { name: 'Krb5Error', code: 'mismatch' })
    assert.deepEqual(asked, [])
  })
})

describe('an error of a KDC', () => {
  const ofAda = (refuse: Readonly<Record<string, number>>) =>
    kdcs(refuse).client.s4u2self(tgt, nameOf('ada', NAME_TYPE.principal), AWAY)
  const about = (errorCode: number, isBetweenRealms: boolean) => ({ name: 'KdcRefusal', errorCode, isBetweenRealms })

  it('that nobody has a name is about ours in our realm, and about the trust elsewhere', async () => {
    for (const code of [2, 7, 19]) {
      const own = kdcs({ [`${HOME} svc-proxy`]: code }).client.s4u2self(tgt, alice)
      await assert.rejects(own, about(code, false))
      await assert.rejects(ofAda({ [`${HOME} krbtgt/${AWAY}`]: code }), about(code, true))
      await assert.rejects(ofAda({ [`${AWAY} svc-proxy@${HOME}`]: code }), about(code, true))
    }
  })

  it('about a ticket is about our own TGT where its realm says so, and about the trust elsewhere', async () => {
    for (const code of [31, 32, 44]) {
      const own = kdcs({ [`${HOME} svc-proxy`]: code }).client.s4u2self(tgt, alice)
      await assert.rejects(own, about(code, false))
      await assert.rejects(ofAda({ [`${HOME} krbtgt/${AWAY}`]: code }), about(code, false))
      await assert.rejects(ofAda({ [`${AWAY} svc-proxy@${HOME}`]: code }), about(code, true))
      // The last step: our own KDC, of the ticket that the other realm made for it.
      await assert.rejects(ofAda({ [`${HOME} svc-proxy`]: code }), about(code, true))
    }
  })
})

it('a question that is sent once more is the same, with an authenticator of its own (RFC 4120 3.2.2)', async () => {
  const messages: Buffer[] = []
  const pool: KdcPool = {
    async ask(request, _read, { again } = {}) {
      messages.push(request, again?.() ?? assert.fail('no second message'))
      throw new Error('enough')
    },
    states: () => [],
  }
  const asking = createKdcClient({ pools: new Map([[HOME, pool]]), realm: HOME, now: () => nowMs })
  await assert.rejects(asking.s4u2self(tgt, alice), { message: 'enough' })
  const parts = messages.map(message => {
    const fields = DerReader.only(message, 0x6c, UNIVERSAL.sequence)
    for (const number of [1, 2]) fields.integer(number)
    const proofs = fields.field(3, UNIVERSAL.sequence)
    return {
      authenticator: Buffer.from(proofs.element()),
      rest: [Buffer.from(proofs.rest()), Buffer.from(fields.rest())],
    }
  })
  assert.deepEqual(parts[0]?.rest, parts[1]?.rest)
  assert.notDeepEqual(parts[0]?.authenticator, parts[1]?.authenticator)
})
