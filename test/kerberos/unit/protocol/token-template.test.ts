import assert from 'node:assert/strict'
import { it } from 'node:test'
import { octetsOf } from '../../../../devkit/kerberos/first-token.ts'
import { bareToken } from '../../../../devkit/kerberos/recorded-tokens.ts'
import { memoryInUse } from '../../../../devkit/torhaus/memory-in-use.ts'
import { openAuthenticator, readApRequest } from '../../../../src/kerberos/protocol/ap-request.ts'
import { DerReader } from '../../../../src/kerberos/protocol/der-reader.ts'
import { field, generalString, integer, message } from '../../../../src/kerberos/protocol/der-writer.ts'
import { writeEncryptedData } from '../../../../src/kerberos/protocol/encrypted-data.ts'
import { EncryptionKey } from '../../../../src/kerberos/protocol/encryption-key.ts'
import { ENCTYPES } from '../../../../src/kerberos/protocol/enctype.ts'
import { apRequestIn } from '../../../../src/kerberos/protocol/gss-token.ts'
import { classifyNegotiateToken } from '../../../../src/kerberos/protocol/negotiate-token.ts'
import { writePrincipalName } from '../../../../src/kerberos/protocol/principal-name.ts'
import { readTicket, type Ticket } from '../../../../src/kerberos/protocol/ticket.ts'
import { type NextToken, tokenTemplate } from '../../../../src/kerberos/protocol/token-template.ts'

const TEMPLATES = 200
/** The ticket twice, keys, names; and some for what else happens. */
const MAX_BYTES_EACH = 12_000

async function bytesInUse(): Promise<number> {
  const { heap, outside } = await memoryInUse()
  return heap + outside
}

it('what is kept for a ticket is the ticket, and no block of memory that it was made in', async () => {
  const { ticket } = readApRequest(apRequestIn(bareToken))
  const client = { type: 1, components: ['alice'] }
  const kept: NextToken[] = []
  const make = () => {
    // Another block of Node's pool for each, as it is where requests come between.
    Buffer.allocUnsafe(Math.floor(Buffer.poolSize / 2) - 1)
    const next = tokenTemplate({
      ticket,
      sessionKey: new EncryptionKey(18, Buffer.alloc(32, 9)),
      clientRealm: 'CORP.TEST',
      client,
    })
    assert(next(Date.now()).length > bareToken.length / 2)
    return next
  }
  make()
  const before = await bytesInUse()
  while (kept.length < TEMPLATES) kept.push(make())
  const each = ((await bytesInUse()) - before) / kept.length
  assert(each < MAX_BYTES_EACH, `${Math.round(each)} octets each`)
})

/** A ticket in a realm whose name has so many octets. */
function ticketOf(realmBytes: number): Ticket {
  const service = { type: 2, components: ['HTTP', 'devops.corp.test'] }
  const octets = message(
    1,
    field(0, integer(5)),
    field(1, generalString('R'.repeat(realmBytes))),
    field(2, writePrincipalName(service)),
    field(3, writeEncryptedData(18, Buffer.alloc(300))),
  )
  return readTicket(new DerReader(octets))
}

it('each token opens as what was asked for, whatever stands before its ciphertext, and no two are the same', () => {
  const client = { type: 1, components: ['alice'] }
  const nowMs = Math.floor(Date.now() / 1000) * 1000
  const remainders = new Set<number>()
  for (const enctype of ENCTYPES) {
    const sessionKey = new EncryptionKey(enctype, Buffer.alloc(enctype % 2 === 0 ? 32 : 16, enctype))
    for (const realmBytes of [9, 10, 11]) {
      const next = tokenTemplate({ ticket: ticketOf(realmBytes), sessionKey, clientRealm: 'CORP.TEST', client })
      const opened = Array.from({ length: 3 }, () => {
        const text = next(nowMs)
        const token = octetsOf(text)
        assert.equal(token.toString('base64'), text)
        const negotiate = classifyNegotiateToken(token)
        assert(negotiate.kind === 'spnego' && negotiate.krb5Token)
        const request = readApRequest(apRequestIn(negotiate.krb5Token))
        remainders.add((token.length - request.authenticator.cipher.length) % 3)
        assert.equal(request.ticket.realm.length, realmBytes)
        return openAuthenticator(request, sessionKey)
      })
      for (const authenticator of opened)
        assert.deepEqual([authenticator.client, authenticator.timeMs], [client, nowMs])
      assert.equal(new Set(opened.map(({ microseconds }) => microseconds)).size, opened.length)
    }
  }
  assert.equal(remainders.size, 3)
})
