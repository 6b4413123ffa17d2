/** How many keys of the keytab are tried on a ticket, and which first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forgedTicket } from '../../../devkit/realm/forged-token.ts'
import { KeyRing } from '../../../src/kerberos/key-ring.ts'
import { openWith } from '../../../src/kerberos/open-with.ts'
import { DerReader } from '../../../src/kerberos/protocol/der-reader.ts'
import { EncryptionKey } from '../../../src/kerberos/protocol/encryption-key.ts'
import { readTicket, type Ticket } from '../../../src/kerberos/protocol/ticket.ts'

const ETYPE = 18
let tried: string[] = []

class WatchedKey extends EncryptionKey {
  readonly #label: string

  constructor(seed: number, label: string) {
    super(ETYPE, Buffer.alloc(32, seed))
    this.#label = label
  }

  override decrypt(usage: number, octets: Uint8Array): Buffer {
    tried.push(this.#label)
    return super.decrypt(usage, octets)
  }
}

const entry = (seed: number, host: string, kvno = 1) => ({
  ...{ realm: 'CORP.TEST', name: { type: 1, components: ['HTTP', host] }, kvno, writtenAtS: 0 },
  key: new WatchedKey(seed, `${host} ${kvno}`),
})

/** Which keys are tried on a ticket. */
function triedOn(ticket: Ticket, keys: readonly ReturnType<typeof entry>[]): readonly string[] {
  tried = []
  openWith(new KeyRing(keys), ticket)
  return tried
}

const ticketOf = (host: string, kvno: number, seed: number) => {
  const service = { type: 2, components: ['HTTP', host] }
  const ticketKey = new EncryptionKey(ETYPE, Buffer.alloc(32, seed))
  return readTicket(new DerReader(forgedTicket({ nowMs: Date.UTC(2026, 5, 1), service, kvno, ticketKey })))
}

/** Of no key, that long. */
const madeUp = (bytes: number): Ticket => ({
  ...ticketOf('a.corp.test', 1, 99),
  encrypted: { etype: ETYPE, kvno: 1, cipher: Buffer.alloc(bytes, 5) },
})

test('a key that stands in the keytab under many names and numbers is tried once', () => {
  const keys = Array.from({ length: 30 }, (_, index) => entry(7, `h${index}.corp.test`, 1 + (index % 3)))
  assert.deepEqual(triedOn(madeUp(60_000), keys), ['h0.corp.test 1'])
})

test('the key of that name and number is tried first, then others of the name, then of the number, then the rest', () => {
  const keys = [
    entry(1, 'b.corp.test', 3),
    entry(2, 'b.corp.test', 2),
    entry(3, 'a.corp.test', 3),
    entry(4, 'a.corp.test', 2),
  ]
  assert.deepEqual(triedOn(ticketOf('A.corp.test', 2, 4), keys), ['a.corp.test 2'])
  const all = ['a.corp.test 2', 'a.corp.test 3', 'b.corp.test 2', 'b.corp.test 3']
  assert.deepEqual(triedOn(ticketOf('a.corp.test', 2, 1), keys), all)
})

test('on a ticket that nobody can open few keys are tried, the fewer the larger it is, and at least one', () => {
  const keys = Array.from({ length: 200 }, (_, index) => entry(index, `h${index}.corp.test`))
  const counts = [64, 1_500, 9_000, 65_536, 1_000_000].map(bytes => triedOn(madeUp(bytes), keys).length)
  assert.deepEqual(counts, [64, 47, 21, 4, 1])
  assert.deepEqual(triedOn(ticketOf('h199.corp.test', 1, 199), keys), ['h199.corp.test 1'])
})

test('of thousands of keys a ticket that nobody can open looks at few', () => {
  let looks = 0
  const keys = Array.from({ length: 5_000 }, (_, index) => {
    const { key, ...rest } = entry(index % 256, `h${index}.corp.test`)
    return {
      ...rest,
      get key() {
        looks++
        return key
      },
    }
  })
  const ring = new KeyRing(keys)
  looks = 0
  openWith(ring, madeUp(64))
  assert(looks < 10, `${looks} looks`)
})
