import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { authorization, forgedKeytab, forgedToken } from '../../../devkit/realm/forged-token.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { OpenedTickets } from '../../../src/kerberos/opened-tickets.ts'
import { readApRequest } from '../../../src/kerberos/protocol/ap-request.ts'
import { sequence } from '../../../src/kerberos/protocol/der-writer.ts'
import { apRequestIn } from '../../../src/kerberos/protocol/gss-token.ts'

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
