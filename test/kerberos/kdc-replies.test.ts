/** Replies of a KDC that were changed on the way: nothing in them is believed that our keys do not cover. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { parseKdc } from '../../config/kdc-address.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import type { HeldTicket } from '../../src/kerberos/kdc/held-ticket.ts'
import { createKdcClient, type KdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool, type KdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import { KdcRefusal } from '../../src/kerberos/kdc/kdc-refusal.ts'
import type { KeyFor } from '../../src/kerberos/kdc/sign-in.ts'
import { field, integer } from '../../src/kerberos/protocol/der-writer.ts'
import type { EncryptionKey } from '../../src/kerberos/protocol/encryption-key.ts'
import { readKeytab } from '../../src/kerberos/protocol/keytab.ts'
import { Krb5Error } from '../../src/kerberos/protocol/krb5-error.ts'
import { NAME_TYPE, nameOf } from '../../src/kerberos/protocol/principal-name.ts'
import { stringToKey } from '../../src/kerberos/protocol/string-to-key.ts'
import { system } from '../../src/system.ts'

const account = nameOf('svc-proxy', NAME_TYPE.principal)
const alice = nameOf('alice', NAME_TYPE.principal)
const devops = nameOf('HTTP/devops.corp.test', NAME_TYPE.serviceInstance)

type Change = (reply: Buffer) => Buffer
const unchanged: Change = reply => reply

let kdc: SambaKdc
let change = unchanged
let client: KdcClient
let asked: Buffer

before(async () => {
  kdc = await startSambaKdc()
  const address = parseKdc(kdc.kdc)
  assert(address)
  const real = createKdcPool({ locator: configuredKdcs([address]), timeoutMs: 5_000, monotonic: system.monotonic })
  // Somebody on the way: what the KDC said is changed before it is read, once.
  const pool: KdcPool = {
    ...real,
    async ask(request, read) {
      asked = request
      const reply = await real.ask(request, octets => Buffer.from(octets))
      return read(change(reply))
    },
  }
  client = createKdcClient({ pools: new Map([['CORP.TEST', pool]]), realm: 'CORP.TEST', now: system.now })
})
after(() => kdc.close())

const keyFor = async (): Promise<EncryptionKey> => {
  const { entries } = readKeytab(readFileSync(kdc.keytabs.proxy))
  const entry = entries.find(({ name, key }) => name.components[0] === 'svc-proxy' && key.enctype.number === 18)
  return entry?.key.copy() ?? assert.fail('no key')
}

async function changed<T>(by: Change, ask: () => Promise<T>): Promise<T> {
  change = by
  try {
    return await ask()
  } finally {
    change = unchanged
  }
}

const signIn = () => client.signIn(account, keyFor)

/** What is believed of a reply; the name of its client stands in clear and is read inside the evidence ticket. */
const seen = ({ clientRealm, flags }: HeldTicket) => ({ clientRealm, flags })

describe('a reply', () => {
  it('for a service, with any octet changed, is refused, or says the same as before', async () => {
    const tgt = await signIn()
    const evidence = await client.s4u2self(tgt, alice)
    const right = seen(evidence)
    let refused = 0
    for (let at = 0; at < 400; at++) {
      const flip: Change = reply => {
        const octets = Buffer.from(reply)
        // Both ends: the head in clear, and the part for the client at the end.
        const place = at < 200 ? at : octets.length - (at - 199)
        octets[place] = (octets[place] ?? 0) ^ 1
        return octets
      }
      try {
        assert.deepEqual(seen(await changed(flip, () => client.s4u2self(tgt, alice))), right)
      } catch (error) {
        assert(error instanceof Krb5Error, `octet ${at}: ${error}`)
        refused++
      }
    }
    assert(refused > 300, `${refused} of 400`)
  })

  it('for another service, or to another question, is not taken for the answer', async () => {
    const tgt = await signIn()
    let earlier: Buffer | undefined
    const keep: Change = reply => {
      earlier = reply
      return reply
    }
    await changed(keep, () => client.s4u2self(tgt, alice))
    const again: Change = () => earlier ?? assert.fail('nothing kept')
    await assert.rejects(
      changed(again, () => client.s4u2self(tgt, alice)),
      { code: 'mismatch' },
    )
    await assert.rejects(
      changed(again, () => client.serviceTicket(tgt, devops)),
      { code: 'mismatch' },
    )
  })

  it('to a sign-in under a key that is not ours is refused', async () => {
    const bob = nameOf('bob', NAME_TYPE.principal)
    await assert.rejects(client.signIn(bob, keyFor), KdcRefusal)
  })
})

describe('a password', () => {
  it("is proven inside the armour of our own ticket (RFC 6113), which Samba's KDC offers, too", async () => {
    const own = await signIn()
    const keyOf =
      (password: string): KeyFor =>
      async ([info]) =>
        stringToKey(info?.etype ?? 0, Buffer.from(password), info?.salt ?? Buffer.alloc(0), info?.parameters)
    const proven = (password: string) => client.signIn(alice, keyOf(password), { realm: 'CORP.TEST', armouring: own })
    const { client: name } = await proven(kdc.passwordOf('alice'))
    assert.deepEqual(name.components, ['alice'])
    // [1] INTEGER 136: PA-FX-FAST.
    assert(asked.includes(Buffer.from('a10402020088', 'hex')))
    await assert.rejects(proven('Wr0ng-secret'), { errorCode: 24 })
    assert(asked.includes(Buffer.from('a10402020088', 'hex')))
  })
})

describe('an error that anybody can have written', () => {
  const error =
    (code: number): Change =>
    reply => {
      assert.equal(reply[0], 0x7e)
      const at = reply.indexOf(field(6, integer(25)) ?? assert.fail('no field'))
      const octets = Buffer.from(reply)
      octets[at + 4] = code
      return octets
    }

  it('is a refusal by its number, and gives nothing away: no timestamp under our key has been sent by then', async () => {
    for (const code of [6, 12, 18, 23, 24, 37, 68]) {
      await assert.rejects(changed(error(code), signIn), { errorCode: code })
    }
  })

  it('that asks for RC4, for no salt of ours, or for endless work makes no key (pitfall 28)', async () => {
    let offered: readonly number[] | undefined
    const weak: Change = reply => {
      if (reply[0] !== 0x7e) return reply
      const octets = Buffer.from(reply)
      // ETYPE-INFO2 { etype [0] 18 }: the only place where that is written so.
      const at = octets.indexOf(Buffer.from([0xa0, 3, 2, 1, 18]))
      assert(at > 0)
      octets[at + 4] = 23
      return octets
    }
    const asked = changed(weak, () =>
      client.signIn(account, async infos => {
        offered = infos.map(({ etype }) => etype)
        throw new Krb5Error('enctype-unsupported', 'nothing of AES')
      }),
    )
    await assert.rejects(asked, { code: 'enctype-unsupported' })
    assert(!offered?.includes(23), 'RC4 is not even seen')
  })
})
