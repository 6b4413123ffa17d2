/** People of a realm that ours trusts, with two realms of MIT's KDC. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parseKdc } from '../../config/kdc-address.ts'
import { firstToken } from '../../devkit/kerberos/first-token.ts'
import { createAcceptor } from '../../src/kerberos/acceptor.ts'
import { canonicalPrincipal, type DirectoryNames } from '../../src/kerberos/canonical-principal.ts'
import { namesInEvidence } from '../../src/kerberos/evidence-names.ts'
import { examineTrust } from '../../src/kerberos/examine-trust.ts'
import { createImpersonation } from '../../src/kerberos/impersonation.ts'
import { createKdcClient, type KdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool, type KdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import { createTicketGranting } from '../../src/kerberos/kdc/ticket-granting.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { KeytabFile } from '../../src/kerberos/keytab-file.ts'
import { createPasswordVerifier } from '../../src/kerberos/password.ts'
import { KDC_OPTION, PA } from '../../src/kerberos/protocol/kdc-request.ts'
import { NAME_TYPE, nameOf } from '../../src/kerberos/protocol/principal-name.ts'
import { forUser, s4uX509User, verifyS4uX509Reply } from '../../src/kerberos/protocol/s4u-padata.ts'
import { stringToKey } from '../../src/kerberos/protocol/string-to-key.ts'
import { createReplayCache } from '../../src/kerberos/replay-cache.ts'
import { createServiceCredential } from '../../src/kerberos/service-credential.ts'
import { system } from '../../src/system.ts'
import { HOME, PARTNER, startTwoRealms, type TwoRealms } from './two-realms.ts'

const SERVICE = `HTTP/proxy.corp.test@${HOME}`
const trusting: DirectoryNames = { realm: HOME, trustedRealms: [{ realm: PARTNER, netbiosDomain: 'PARTNER' }] }
const alone: DirectoryNames = { realm: HOME }

let realms: TwoRealms
let client: KdcClient
let keytab: KeytabFile
let pools: Map<string, KdcPool>

const poolOf = (kdc: string): KdcPool => {
  const address = parseKdc(kdc)
  assert(address)
  return createKdcPool({ locator: configuredKdcs([address]), timeoutMs: 5_000, monotonic: system.monotonic })
}

before(async () => {
  realms = await startTwoRealms({
    services: ['HTTP/proxy.corp.test', 'svc-proxy'],
    users: { alice: 'alice-Passw0rd' },
    partnerUsers: { ada: 'ada-Passw0rd', alice: 'alice-of-the-partner' },
  })
  pools = new Map([
    [HOME, poolOf(realms.home.kdc)],
    [PARTNER, poolOf(realms.partner.kdc)],
  ])
  client = createKdcClient({ pools, realm: HOME, now: system.now })
  keytab = new KeytabFile(realms.home.keytab)
})
after(async () => {
  keytab?.[Symbol.dispose]()
  await realms?.close()
})

const signIn = (name: string, password: string, realm: string) =>
  client.signIn(
    nameOf(name, NAME_TYPE.principal),
    async ([info]) =>
      stringToKey(
        info?.etype ?? 18,
        Buffer.from(password),
        info?.salt ?? Buffer.from(`${realm}${name}`),
        info?.parameters,
      ),
    { realm },
  )

async function accept(token: Buffer, directory: DirectoryNames): Promise<string> {
  using replays = createReplayCache({ directory: `${realms.home.keytab}.replay`, skewMs: 300_000, now: system.now })
  using acceptor = createAcceptor({ keytab, services: [SERVICE], directory, replays, now: system.now })
  return (await acceptor.accept(token)).principal
}

const hostService = nameOf('HTTP/proxy.corp.test', NAME_TYPE.serviceHost)
const ourService = nameOf('HTTP/proxy.corp.test', NAME_TYPE.serviceInstance)

async function tokenOf(name: string, password: string, realm: string): Promise<Buffer> {
  const tgt = await signIn(name, password, realm)
  return firstToken(await client.serviceTicket(tgt, ourService))
}

describe('a person of a trusted realm', () => {
  it('is let in by a ticket, under the whole name, where the configuration trusts that realm, and nowhere else', async () => {
    const ada = () => tokenOf('ada', 'ada-Passw0rd', PARTNER)
    assert.equal(await accept(await ada(), trusting), 'ada@PARTNER.TEST')
    await assert.rejects(accept(await ada(), alone).then(assert.fail), { code: 'foreign-realm' })
  })

  it('who is called as somebody of ours is another person (pitfall 22)', async () => {
    const theirs = await tokenOf('alice', 'alice-of-the-partner', PARTNER)
    assert.equal(await accept(theirs, trusting), 'alice@PARTNER.TEST')
    assert.equal(await accept(await tokenOf('alice', 'alice-Passw0rd', HOME), trusting), 'alice@CORP.TEST')
  })

  it('is let in by password, which the other realm judges, and ours vouches for by its ticket', async () => {
    const gate = createKdcGate(system)
    const options = { client, gate, keytab, servicePrincipal: SERVICE, directory: trusting }
    const verifier = createPasswordVerifier(options)
    const check = (name: string, password: string) => verifier.verify(canonicalPrincipal(name, trusting), password)
    await check('PARTNER\\Ada', 'ada-Passw0rd')
    await check('alice@partner.test', 'alice-of-the-partner')
    await assert.rejects(check('alice', 'alice-of-the-partner'), { code: 'password-wrong' })
    await assert.rejects(check('alice@partner.test', 'alice-Passw0rd'), { code: 'password-wrong' })
    await assert.rejects(check('nobody@partner.test', 'x'), { code: 'client-unknown' })
  })
})

describe('a referral', () => {
  const granting = () => createTicketGranting(pools, HOME, system.now)
  const options = KDC_OPTION.forwardable | KDC_OPTION.canonicalize

  it('of the realm of the person leads to the service, where the name was to be resolved, and is no service ticket itself (pitfall 36)', async () => {
    const tgt = await signIn('ada', 'ada-Passw0rd', PARTNER)
    const ticket = await granting().ask(tgt, { service: hostService, options })
    assert.deepEqual([ticket.ticket.realm, ticket.ticket.service.components[0]], [HOME, 'HTTP'])
    assert.equal(await accept(firstToken(ticket), trusting), 'ada@PARTNER.TEST')
  })

  it('carries S4U2self through the realm of the person and back (the name we have abroad is that of a host here)', async () => {
    const own = await client.signIn(
      ourService,
      async () => keytab.keysOf(SERVICE)[0]?.key.copy() ?? assert.fail('no key'),
    )
    const user = nameOf('ada', NAME_TYPE.principal)
    let signed = 0
    const evidence = await granting().ask(await granting().tgtFor(PARTNER, own), {
      ...{ service: own.client, abroad: hostService, options },
      padata: ({ sessionKey }, nonce) => [
        forUser(user, PARTNER, sessionKey),
        s4uX509User({ user, realm: PARTNER, nonce }, sessionKey),
      ],
      verify: (padata, { sessionKey }, nonce) => {
        // Each KDC on the way answers it, and is verified.
        signed += padata.filter(({ type }) => type === PA.s4uX509User).length
        verifyS4uX509Reply(padata, { user, realm: PARTNER, nonce }, sessionKey)
      },
    })
    assert.equal(signed, 2)
    assert.equal(namesInEvidence(evidence, keytab.keysOf(SERVICE)).account, 'ada@PARTNER.TEST')
  })

  it('to a realm that is not configured is not followed, and that realm is not asked', async () => {
    const tgt = await signIn('ada', 'ada-Passw0rd', PARTNER)
    const narrow = createTicketGranting(new Map([[PARTNER, poolOf(realms.partner.kdc)]]), HOME, system.now)
    await assert.rejects(narrow.ask(tgt, { service: hostService, options }), { code: 'realm-unknown' })
  })
})

describe('impersonation of a person of a trusted realm', () => {
  it("asks that realm by our enterprise name, which MIT's KDC, that knows no such names, refuses", async () => {
    const own = await client.signIn(nameOf('svc-proxy', NAME_TYPE.principal), async () => {
      return keytab.keysOf(`svc-proxy@${HOME}`)[0]?.key.copy() ?? assert.fail('no key')
    })
    await assert.rejects(client.s4u2self(own, nameOf('ada', NAME_TYPE.principal), PARTNER), { errorCode: 7 })
  })
})

describe('a trust whose two realms have different keys', () => {
  it('costs our own ticket nothing, however often somebody of the other realm comes, and is found by the doctor', async () => {
    const ours = await client.signIn(nameOf('svc-proxy', NAME_TYPE.principal), async () => {
      return keytab.keysOf(`svc-proxy@${HOME}`)[0]?.key.copy() ?? assert.fail('no key')
    })
    const examined = () => examineTrust({ pools, home: HOME, trusted: PARTNER, now: system.now }, ours)
    assert.deepEqual(await examined(), [])
    // The first key of its kind, so that the other realm takes it for the one it has.
    for (const query of ['delprinc -force', 'addprinc -pw another'])
      await realms.partner.kadmin(`${query} krbtgt/${PARTNER}@${HOME}`)
    let signIns = 0
    const counting: KdcClient = {
      ...client,
      signIn: (...args) => {
        signIns++
        return client.signIn(...args)
      },
    }
    const asking = { client: counting, gate: createKdcGate(system), keytab, now: system.now }
    using service = createServiceCredential({ ...asking, principal: `svc-proxy@${HOME}` })
    const rest = { principal: `svc-proxy@${HOME}`, service, directory: trusting }
    using impersonation = createImpersonation({ ...asking, ...rest })
    for (let round = 0; round < 3; round++) {
      const token = impersonation.initiate(canonicalPrincipal('ada@PARTNER.TEST', trusting), SERVICE)
      await assert.rejects(token, { code: 'kdc-reply-invalid', message: /KRB-ERROR 31 between realms/ })
    }
    assert.equal(signIns, 1)
    const [problem, ...others] = await examined()
    assert.equal(others.length, 0)
    assert.match(
      `${problem?.what}; ${problem?.remedy}`,
      /do not accept our tickets for the realm PARTNER\.TEST: the KDC says 31; .*different keys/,
    )
  })
})

describe('a realm that is not configured', () => {
  it('is not asked, whoever refers to it', async () => {
    const narrow = createKdcClient({
      pools: new Map([[HOME, poolOf(realms.home.kdc)]]),
      realm: HOME,
      now: system.now,
    })
    const tgt = await signIn('alice', 'alice-Passw0rd', HOME)
    await assert.rejects(narrow.s4u2self(tgt, nameOf('ada', NAME_TYPE.principal), PARTNER), { code: 'realm-unknown' })
  })
})
