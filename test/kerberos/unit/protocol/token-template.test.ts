import assert from 'node:assert/strict'
import { it } from 'node:test'
import { bareToken } from '../../../../devkit/kerberos/recorded-tokens.ts'
import { memoryInUse } from '../../../../devkit/torhaus/memory-in-use.ts'
import { readApRequest } from '../../../../src/kerberos/protocol/ap-request.ts'
import { EncryptionKey } from '../../../../src/kerberos/protocol/encryption-key.ts'
import { apRequestIn } from '../../../../src/kerberos/protocol/gss-token.ts'
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
