/** What real KDCs say inside tickets: MIT's of indicators, Samba's of SIDs and of services that ask for somebody. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parseKdc } from '../../config/kdc-address.ts'
import { firstToken } from '../../devkit/kerberos/first-token.ts'
import { kinit } from '../../devkit/realm/clients.ts'
import { type Initiator, startInitiator } from '../../devkit/realm/initiator.ts'
import { PROXY_NAME, PROXY_SPN } from '../../devkit/realm/lab-accounts.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import { createAcceptor } from '../../src/kerberos/acceptor.ts'
import type { HeldTicket } from '../../src/kerberos/kdc/held-ticket.ts'
import { createKdcClient, type KdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import { KeytabFile } from '../../src/kerberos/keytab-file.ts'
import { NAME_TYPE, nameOf } from '../../src/kerberos/protocol/principal-name.ts'
import { stringToKey } from '../../src/kerberos/protocol/string-to-key.ts'
import { createReplayCache } from '../../src/kerberos/replay-cache.ts'
import type { TicketProof } from '../../src/kerberos/ticket-proof.ts'
import { system } from '../../src/system.ts'
import { type MitKdc, startMitKdc } from './mit-kdc.ts'

const opened = new AsyncDisposableStack()
let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-proof-'))
  opened.defer(() => rm(directory, { recursive: true, force: true }))
})
after(() => opened.disposeAsync())

interface Asked {
  readonly keytabFile: string
  readonly sids?: readonly string[]
  readonly indicators?: readonly string[]
}

/** By an acceptor that is asked for these; throws where the ticket is refused. */
async function proofOf(token: Buffer, { keytabFile, sids = [], indicators = [] }: Asked): Promise<TicketProof> {
  const { now } = system
  using replays = createReplayCache({ directory: join(directory, 'replay'), skewMs: 300_000, now })
  using keytab = new KeytabFile(keytabFile)
  using acceptor = createAcceptor({
    ...{ keytab, services: [`${PROXY_SPN}@CORP.TEST`], directory: { realm: 'CORP.TEST' }, replays, now },
    question: { sids: new Set(sids), indicators: new Set(indicators) },
  })
  const { proof } = await acceptor.accept(token)
  return proof ?? assert.fail('nothing was read')
}

const SECOND_MS = 1_000

describe("MIT's KDC", () => {
  let kdc: MitKdc
  let initiator: Initiator
  before(async () => {
    const users = { alice: 'alice-Passw0rd' }
    kdc = await startMitKdc({ realm: 'CORP.TEST', users, services: [PROXY_SPN], indicator: 'otp' })
    opened.defer(() => kdc.close())
    initiator = await startInitiator(kdc)
    opened.defer(() => initiator.close())
  })

  const tokenOf = async (krb5Config: string): Promise<Buffer> => {
    const place = { directory: dirname(kdc.keytab), krb5Config, passwordOf: () => 'alice-Passw0rd' }
    const { ccache } = await kinit(place, 'alice')
    return Buffer.from(await initiator.negotiateToken({ spn: `HTTP@${PROXY_NAME}`, ccache }), 'base64')
  }

  it('vouches for an indicator, which is read where it was asked for, with the time of the sign-in', async () => {
    const token = await tokenOf(kdc.krb5Config)
    const keytabFile = kdc.keytab
    const { authTimeMs, ...proof } = await proofOf(token, { keytabFile, indicators: ['otp', 'pkinit'] })
    assert.deepEqual(proof, { indicators: ['otp'], sids: [], isByService: false })
    assert(Math.abs(Date.now() - authTimeMs) < 60 * SECOND_MS)
    const another = await proofOf(await tokenOf(kdc.krb5Config), { keytabFile, indicators: ['pkinit'] })
    assert.deepEqual(another.indicators, [])
  })

  it('says nothing of who signed in by a password alone', async () => {
    // The KDC has another group alone, so the two fall back to an encrypted timestamp.
    const plain = join(dirname(kdc.keytab), 'plain-krb5.conf')
    const config = await readFile(kdc.krb5Config, 'utf8')
    await writeFile(plain, config.replace('edwards25519', 'P-256'))
    const proof = await proofOf(await tokenOf(plain), { keytabFile: kdc.keytab, indicators: ['otp'] })
    assert.deepEqual(proof.indicators, [])
  })
})

describe("Samba's KDC", () => {
  let kdc: SambaKdc
  let client: KdcClient
  let domainAdmins: string
  const service = { name: 'svc-between', spn: 'HTTP/between.corp.test' }

  before(async () => {
    kdc = await startSambaKdc({
      accounts: [
        {
          ...{ name: service.name, password: 'Between-Passw0rd', servicePrincipals: [service.spn] },
          ...{ protocolTransition: true, delegatesTo: [PROXY_SPN] },
        },
      ],
    })
    opened.defer(() => kdc.close())
    const address = parseKdc(kdc.kdc)
    assert(address)
    const locator = configuredKdcs([address])
    const pool = createKdcPool({ locator, timeoutMs: 5_000, monotonic: system.monotonic })
    client = createKdcClient({ pools: new Map([['CORP.TEST', pool]]), realm: 'CORP.TEST', now: system.now })
    const shown = await kdc.sambaTool('group', 'show', 'Domain Admins', '--attributes=objectSid')
    domainAdmins = /objectSid: (\S+)/.exec(shown)?.[1] ?? assert.fail(shown)
  })

  const signIn = (name: string): Promise<HeldTicket> =>
    client.signIn({ type: NAME_TYPE.principal, components: [name] }, async ([info]) => {
      assert(info?.salt)
      return stringToKey(info.etype, Buffer.from(kdc.passwordOf(name)), info.salt, info.parameters)
    })
  const instance = (spn: string) => nameOf(spn, NAME_TYPE.serviceInstance)
  const proofBy = (ticket: HeldTicket, ...sids: readonly string[]) =>
    proofOf(firstToken(ticket), { keytabFile: kdc.keytabs.proxy, sids })

  it('names the groups of the person, of which those are kept that were asked for', async () => {
    const asked = [domainAdmins, 'S-1-18-1', 'S-1-5-32-999']
    const admin = await proofBy(await client.serviceTicket(await signIn('admin1'), instance(PROXY_SPN)), ...asked)
    assert.deepEqual([admin.sids?.toSorted(), admin.isByService], [['S-1-18-1', domainAdmins].toSorted(), false])
    const alice = await proofBy(await client.serviceTicket(await signIn('alice'), instance(PROXY_SPN)), ...asked)
    assert.deepEqual([alice.sids, alice.isByService], [['S-1-18-1'], false])
  })

  it('says when a service got the ticket in the name of somebody who was not there (S4U2self)', async () => {
    const own = await signIn('svc-proxy')
    const user = { type: NAME_TYPE.principal, components: ['admin1'] }
    const proof = await proofBy(await client.s4u2self(own, user), domainAdmins, 'S-1-18-2')
    assert.deepEqual(proof.sids?.toSorted(), ['S-1-18-2', domainAdmins].toSorted())
    assert.equal(proof.isByService, true)
  })

  it('says so when that service goes on with it, or with a ticket that somebody showed it (S4U2proxy)', async () => {
    const between = await signIn(service.name)
    const user = { type: NAME_TYPE.principal, components: ['admin1'] }
    const asserted = await client.s4u2self(between, user)
    const shown = await client.serviceTicket(await signIn('admin1'), instance(service.spn))
    for (const evidence of [asserted, shown]) {
      const proof = await proofBy(await client.s4u2proxy(between, evidence, instance(PROXY_SPN)), domainAdmins)
      assert.deepEqual([proof.sids, proof.isByService], [[domainAdmins], true])
    }
  })
})
