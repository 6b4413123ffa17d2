/**
 * What a KDC offers is signed by nobody, and what it is asked neither; in its reply it signs both (RFC 6806 11). Somebody
 * on the way, with three KDCs.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, beforeEach, describe, it } from 'node:test'
import { parseKdc } from '../../config/kdc-address.ts'
import { heimdalPrograms } from '../../devkit/realm/heimdal-programs.ts'
import { PROXY_SPN } from '../../devkit/realm/lab-accounts.ts'
import { startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import { sambaOfTrixie } from '../../devkit/realm/samba-of-trixie.ts'
import type { HeldTicket } from '../../src/kerberos/kdc/held-ticket.ts'
import { createKdcClient, type KdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool, type KdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import type { KeyFor } from '../../src/kerberos/kdc/sign-in.ts'
import { integer, sequence } from '../../src/kerberos/protocol/der-writer.ts'
import { type EncryptionKey, KEY_USAGE } from '../../src/kerberos/protocol/encryption-key.ts'
import { ENCTYPES } from '../../src/kerberos/protocol/enctype.ts'
import { AS_REPLY, readKdcReply } from '../../src/kerberos/protocol/kdc-reply.ts'
import { readKeytab } from '../../src/kerberos/protocol/keytab.ts'
import { NAME_TYPE, nameOf } from '../../src/kerberos/protocol/principal-name.ts'
import { stringToKey } from '../../src/kerberos/protocol/string-to-key.ts'
import { system } from '../../src/system.ts'
import { startHeimdalKdc } from './heimdal-kdc.ts'
import { startMitKdc } from './mit-kdc.ts'

const REALM = 'CORP.TEST'
const PASSWORD = 'alice-Passw0rd'
const alice = nameOf('alice', NAME_TYPE.principal)
const account = nameOf('svc-proxy', NAME_TYPE.principal)
/** Types of padata: [1] INTEGER. */
const FAST = Buffer.from('a10402020088', 'hex')
const SIGNATURE = Buffer.from('a10402020095', 'hex')
const TIMESTAMP = Buffer.from('a103020102', 'hex')
/** Flags of a reply: [4] BIT STRING of 32. */
const FLAGS = Buffer.from('a407030500', 'hex')

interface Kdc {
  readonly kdc: string
  readonly keytab: string
  close(): Promise<void>
}

const programs = await heimdalPrograms()
const trixie = await sambaOfTrixie()

const startHeimdal = (): Promise<Kdc> => {
  if ('missing' in programs) throw new Error(programs.missing)
  const services = ['svc-proxy', PROXY_SPN]
  return startHeimdalKdc({ programs: programs.folder, users: { alice: PASSWORD }, services })
}
const startSamba = async (root?: string): Promise<Kdc> => {
  const samba = await startSambaKdc(root === undefined ? {} : { root })
  return { ...samba, keytab: samba.keytabs.proxy }
}
const startNewSamba = (): Promise<Kdc> => startSamba('missing' in trixie ? undefined : trixie.folder)
const startMit = (): Promise<Kdc> =>
  startMitKdc({ realm: REALM, users: { alice: PASSWORD }, services: ['svc-proxy', PROXY_SPN] })

interface Way {
  request(octets: Buffer): Buffer
  reply(octets: Buffer): Buffer
}
const untouched: Way = { request: octets => octets, reply: octets => octets }

/** Under another type that nobody knows: lengths stay as they are. */
function without(type: Buffer, octets: Buffer): Buffer {
  const at = octets.indexOf(type)
  if (at < 0) return octets
  const changed = Buffer.from(octets)
  changed[at + type.length - 1] = 0xfe
  return changed
}
const isError = (octets: Buffer) => octets[0] === 0x7e
const withoutOffer: Way = { ...untouched, reply: octets => (isError(octets) ? without(FAST, octets) : octets) }

for (const [name, start, skip] of [
  ["MIT's", startMit, false],
  ["Samba's", () => startSamba(), false],
  ["Samba's of Debian 13", startNewSamba, 'missing' in trixie && trixie.missing],
  ["Heimdal's", startHeimdal, 'missing' in programs && programs.missing],
] as const) {
  describe(`a KDC of ${name}`, { skip }, () => {
    let kdc: Kdc
    let client: KdcClient
    let way = untouched
    let sent: Buffer[] = []
    let aliceKey: EncryptionKey

    before(async () => {
      kdc = await start()
    })
    after(() => kdc?.close())
    beforeEach(() => {
      way = untouched
      sent = []
      client = newClient()
    })
    /** Which knows nothing of the KDC yet. */
    function newClient(): KdcClient {
      const address = parseKdc(kdc.kdc)
      assert(address)
      const locator = configuredKdcs([address])
      const real = createKdcPool({ locator, timeoutMs: 5_000, monotonic: system.monotonic })
      const pool: KdcPool = {
        ...real,
        async ask(request, read) {
          sent.push(request)
          const reply = await real.ask(way.request(request), octets => Buffer.from(octets))
          return read(way.reply(reply))
        },
      }
      return createKdcClient({ pools: new Map([[REALM, pool]]), realm: REALM, now: system.now })
    }
    const ownKey = (): EncryptionKey => {
      const { entries } = readKeytab(readFileSync(kdc.keytab))
      const own = entries.find(
        ({ name: { components }, key }) => components[0] === 'svc-proxy' && key.enctype.number === 18,
      )
      return own?.key ?? assert.fail('no key')
    }
    const ownTicket = (by = client): Promise<HeldTicket> => by.signIn(account, async () => ownKey().copy())
    const keyFor: KeyFor = async ([info]) => {
      assert(info)
      const salt = info.salt ?? Buffer.from(`${REALM}alice`)
      const key = await stringToKey(info.etype, Buffer.from(PASSWORD), salt, info.parameters)
      aliceKey = key.copy()
      return key
    }
    const prove = (own?: HeldTicket) => client.signIn(alice, keyFor, { realm: REALM, armouring: own })
    const proofs = () => sent.filter(request => request.includes(TIMESTAMP)).length

    it('says under the key of who asks that it knows FAST: without armour no proof goes out from then on', async () => {
      const own = await ownTicket()
      way = withoutOffer
      await assert.rejects(prove(own), { code: 'integrity' })
      await assert.rejects(prove(own), { code: 'integrity' })
      assert.equal(proofs(), name === "MIT's" ? 0 : 1, 'that of our own account alone')
      way = untouched
      assert.deepEqual((await prove(own)).client.components, ['alice'])
      assert.equal(sent.at(-1)?.includes(FAST), true)
    })

    it('says so beside the ticket: where the offer is gone, the ticket is not believed, and that happens once', async () => {
      const own = await ownTicket(newClient())
      sent = []
      way = withoutOffer
      await assert.rejects(prove(own), { code: 'integrity' })
      await assert.rejects(prove(own), { code: 'integrity' })
      assert.equal(proofs(), 1)
    })

    it('signs what it was asked: a request that was changed on the way shows', async () => {
      const wanted = sequence(...ENCTYPES.map(integer))
      const weaker = sequence(...[...ENCTYPES].reverse().map(integer))
      way = {
        ...untouched,
        request(octets) {
          const at = octets.indexOf(wanted)
          assert(at > 0)
          const changed = Buffer.from(octets)
          weaker.copy(changed, at)
          return changed
        },
      }
      await assert.rejects(prove(), { code: 'integrity' })
    })

    it('is asked for its signature: a wish for it that is gone on the way shows, too', async () => {
      const own = await ownTicket(newClient())
      way = { ...withoutOffer, request: octets => without(SIGNATURE, octets) }
      await assert.rejects(prove(own), { code: 'integrity' })
    })

    it('is believed where it signs nothing, as older ones do: then an offer that is gone is not missed', async () => {
      const own = await ownTicket(newClient())
      way = { ...untouched, reply: octets => (isError(octets) ? without(FAST, octets) : unsigned(octets)) }
      assert.deepEqual((await prove(own)).client.components, ['alice'])
      assert.equal(sent.at(-1)?.includes(FAST), false)
    })

    it('takes its word back under the same key, as after FAST was turned off', async () => {
      await ownTicket()
      const fastOff = (key: () => EncryptionKey): Way => ({
        ...untouched,
        reply: octets =>
          isError(octets) ? without(FAST, octets) : madeAnew(octets, key(), plain => without(FAST, plain)),
      })
      way = fastOff(ownKey)
      const own = await ownTicket()
      way = fastOff(() => aliceKey)
      assert.deepEqual((await prove(own)).client.components, ['alice'])
    })

    /** As a KDC makes it that knows nothing of this: without the flag. */
    const unsigned = (octets: Buffer): Buffer =>
      madeAnew(octets, aliceKey, plain => {
        const at = plain.indexOf(FLAGS) + FLAGS.length + 1
        assert.equal((plain[at] ?? 0) & 1, 1, 'no flag')
        plain[at] = (plain[at] ?? 0) & 0xfe
        return plain
      })

    /** A reply of the same length whose encrypted part says something else, under the key that only a KDC has. */
    function madeAnew(octets: Buffer, key: EncryptionKey, change: (plain: Buffer) => Buffer): Buffer {
      const { encrypted } = readKdcReply(octets, AS_REPLY)
      const plain = change(key.decrypt(KEY_USAGE.asReply, encrypted.cipher))
      const changed = Buffer.from(octets)
      key.encrypt(KEY_USAGE.asReply, plain).copy(changed, octets.indexOf(encrypted.cipher))
      return changed
    }
  })
}
