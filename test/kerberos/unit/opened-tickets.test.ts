import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { authorization, forgedKeytab, forgedTicket, forgedToken } from '../../../devkit/realm/forged-token.ts'
import { madeKeytab } from '../../../devkit/realm/made-keytab.ts'
import { KeyRing } from '../../../src/kerberos/key-ring.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { OpenedTickets, openTrusted } from '../../../src/kerberos/opened-tickets.ts'
import { readApRequest } from '../../../src/kerberos/protocol/ap-request.ts'
import { DerReader } from '../../../src/kerberos/protocol/der-reader.ts'
import { sequence } from '../../../src/kerberos/protocol/der-writer.ts'
import { apRequestIn } from '../../../src/kerberos/protocol/gss-token.ts'
import { readKeytab } from '../../../src/kerberos/protocol/keytab.ts'
import { readTicket } from '../../../src/kerberos/protocol/ticket.ts'

test('a ticket that was opened is kept, but not one that somebody has blown up: they can have any number of those', () => {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-opened-'))
  try {
    writeFileSync(join(directory, 'keytab'), forgedKeytab())
    using keytab = new KeytabFile(join(directory, 'keytab'))
    using tickets = new OpenedTickets(keytab, ['HTTP/proxy.corp.test@CORP.TEST'])
    // What a client puts into its request, a KDC copies into the ticket (RFC 4120 3.3.3).
    const ticketWith = (bytes: number) => {
      const authorizationData = sequence(authorization(9_999, Buffer.alloc(bytes)))
      const token = forgedToken({ nowMs: Date.now(), authorizationData })
      return readApRequest(apRequestIn(token)).ticket
    }
    const usual = ticketWith(9_000)
    assert.equal(tickets.open(usual), tickets.open(usual))
    const large = ticketWith(40_000)
    assert.notEqual(tickets.open(large), tickets.open(large))
    assert.deepEqual(tickets.open(large).client.components, ['alice'])
    // Nor is all that stood in it in clear, the session key among it.
    assert(tickets.open(usual).transited.buffer.byteLength < 100)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('of a ticket that no key opens is said where the keytab lacks its number or type', () => {
  const { entries } = readKeytab(madeKeytab({ principal: 'HTTP/proxy.corp.test@CORP.TEST' }))
  const keys = new KeyRing(entries)
  const opens = (kvno: number, ticketEtype = 18) =>
    openTrusted(keys, readTicket(new DerReader(forgedTicket({ nowMs: Date.now(), kvno, ticketEtype }))))
  const message = (why: string) => ({
    message: `accept: wrong-service-key (no key of the keytab opens the ticket${why})`,
  })
  assert.throws(() => opens(1), message(''))
  assert.throws(() => opens(2), message(': of type 18 it has number 1, and not 2'))
  assert.throws(() => opens(1, 17), message(': it has none of type 17'))
})
