/**
 * Authentication indicators count where the KDC signed them with the service's key, and nowhere else: authorization data
 * that a client sends is copied into its tickets (RFC 4120 3.3.3).
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import {
  authorization,
  type Forgery,
  forgedCammac,
  forgedKeytab,
  forgedToken,
  indicatorElement,
  serviceKey,
} from '../../../devkit/realm/forged-token.ts'
import { type Acceptor, createAcceptor } from '../../../src/kerberos/acceptor.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { sequence } from '../../../src/kerberos/protocol/der-writer.ts'
import { EncryptionKey, KEY_USAGE } from '../../../src/kerberos/protocol/encryption-key.ts'
import type { TicketQuestion } from '../../../src/kerberos/ticket-proof.ts'

const nowMs = Date.UTC(2026, 5, 1)
const ASKED: TicketQuestion = { sids: new Set(), indicators: new Set(['otp', 'pkinit']) }
let directory: string

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'torhaus-proof-'))
  writeFileSync(join(directory, 'keytab'), forgedKeytab())
})
after(() => rmSync(directory, { recursive: true }))

const acceptorOf = (question?: TicketQuestion): Acceptor =>
  createAcceptor({
    ...{ keytab: new KeytabFile(join(directory, 'keytab')), services: ['HTTP/proxy.corp.test@CORP.TEST'] },
    ...{
      directory: { realm: 'CORP.TEST' },
      replays: { check: async () => undefined, [Symbol.dispose]: () => undefined },
    },
    ...{ now: () => nowMs, ...(question === undefined ? {} : { question }) },
  })

async function indicatorsOf(forgery: Partial<Forgery>): Promise<readonly string[]> {
  using acceptor = acceptorOf(ASKED)
  const token = forgedToken({ nowMs, ...forgery })
  const [first, again] = [await acceptor.accept(token), await acceptor.accept(token)]
  assert.deepEqual(first.proof, again.proof, 'a ticket that is known says what it said')
  return first.proof?.indicators ?? assert.fail('nothing was read')
}

const otp = sequence(indicatorElement('otp', 'unheard-of'))
const ifRelevant = (...elements: readonly Buffer[]) => authorization(1, sequence(...elements))
const inTicket = (...elements: readonly Buffer[]) => indicatorsOf({ authorizationData: sequence(...elements) })

it('are read in a container that the key of the service signed, in AD-IF-RELEVANT or at the top', async () => {
  assert.deepEqual(await inTicket(ifRelevant(forgedCammac(otp))), ['otp'])
  assert.deepEqual(await inTicket(forgedCammac(otp)), ['otp'])
  const pkinit = forgedCammac(sequence(indicatorElement('pkinit')))
  assert.deepEqual(await inTicket(ifRelevant(forgedCammac(otp)), ifRelevant(pkinit)), ['otp', 'pkinit'])
})

it('count for nothing where somebody else could have written them', async () => {
  const stranger = new EncryptionKey(18, Buffer.alloc(32, 3))
  for (const [why, element] of Object.entries({
    'without a container': indicatorElement('otp'),
    'in AD-IF-RELEVANT alone': ifRelevant(indicatorElement('otp')),
    'signed with another key': ifRelevant(forgedCammac(otp, { key: stranger })),
    'signed for another use': ifRelevant(forgedCammac(otp, { usage: KEY_USAGE.pac })),
    'with the signature of other elements': ifRelevant(forgedCammac(otp, { signed: sequence(indicatorElement('x')) })),
    'with a verifier for the KDC alone': ifRelevant(forgedCammac(otp, { number: 1 })),
    'nested deeper': ifRelevant(ifRelevant(forgedCammac(otp))),
  }))
    assert.deepEqual(await inTicket(element), [], why)
  const authenticatorData = sequence(ifRelevant(forgedCammac(otp)))
  assert.deepEqual(await indicatorsOf({ authenticatorData }), [], 'in the authenticator')
})

it('in a container that makes no sense are no ticket', async () => {
  const broken = authorization(96, Buffer.from('3003020101', 'hex'))
  await assert.rejects(inTicket(ifRelevant(broken)), { code: 'token-defective' })
})

it('are not looked for where nobody asks', async () => {
  using acceptor = acceptorOf()
  const token = forgedToken({ nowMs, authorizationData: sequence(forgedCammac(otp)) })
  assert.equal((await acceptor.accept(token)).proof, undefined)
  assert.equal(serviceKey.disposed, false)
})
