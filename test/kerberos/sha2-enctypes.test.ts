/** A realm whose keys are of RFC 8009 alone, 20 and 19, at MIT's KDC. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Credential } from '../../devkit/gssapi/initiator.ts'
import { useKrb5Config } from '../../devkit/gssapi/library.ts'
import { octetsOf } from '../../devkit/kerberos/first-token.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { readApRequest } from '../../src/kerberos/protocol/ap-request.ts'
import { apRequestIn } from '../../src/kerberos/protocol/gss-token.ts'
import { system } from '../../src/system.ts'
import { devopsService, directory, principal, proxyService } from './kerberos-lab.ts'
import { type MitKdc, startMitKdc } from './mit-kdc.ts'
import { partsOf } from './parts.ts'

const SPNS = [proxyService, devopsService].map(name => name.slice(0, name.indexOf('@')))
const ACCOUNT = 'svc-proxy'
const PASSWORD = 'alice-Passw0rd'
const TYPES = { 20: 'aes256-cts-hmac-sha384-192', 19: 'aes128-cts-hmac-sha256-128' } as const

let kdc: MitKdc
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'torhaus-sha2-'))
  const services = [...SPNS, ACCOUNT]
  kdc = await startMitKdc({ realm: 'CORP.TEST', users: { alice: PASSWORD }, services, ldap: true })
  await kdc.kadmin(`modprinc +ok_to_auth_as_delegate ${ACCOUNT}`)
  await kdc.allowDelegation(ACCOUNT, SPNS[1] ?? '')
  useKrb5Config(kdc.krb5Config)
})
after(async () => {
  await kdc?.close()
  await rm(folder, { recursive: true, force: true })
})

for (const [number, type] of Object.entries(TYPES))
  describe(`with keys of type ${number}`, () => {
    let keytabFile: string
    const parts = (accepts = proxyService) =>
      partsOf({
        ...{ kdc: kdc.kdc, directory: folder, keytabFile, accepts, names: directory, gate: createKdcGate(system) },
        armouring: `${ACCOUNT}@CORP.TEST`,
      })
    before(async () => {
      keytabFile = join(folder, `${number}.keytab`)
      await kdc.kadmin(`cpw -randkey -e ${type}:normal krbtgt/CORP.TEST@CORP.TEST`)
      await kdc.kadmin(`cpw -e ${type}:normal -pw ${PASSWORD} alice`)
      for (const service of [...SPNS, ACCOUNT]) await kdc.kadmin(`ktadd -e ${type}:normal -k ${keytabFile} ${service}`)
    })

    it('a ticket is accepted, once', async () => {
      using acceptor = parts().acceptor()
      using credential = await Credential.byPassword('alice@CORP.TEST', PASSWORD)
      const token = await credential.token(proxyService)
      assert.equal(readApRequest(apRequestIn(token)).ticket.encrypted.etype, Number(number))
      assert.equal((await acceptor.accept(token)).principal, 'alice@CORP.TEST')
      await assert.rejects(acceptor.accept(token), { code: 'replay' })
    })

    it('a password is confirmed inside of armour, and a wrong one is not', async () => {
      const verifier = await parts().verifier()
      await verifier.verify(principal('alice'), PASSWORD)
      await assert.rejects(verifier.verify(principal('alice'), 'wrong'), { code: 'password-wrong' })
    })

    it('a person travels to the server', async () => {
      const { impersonation, owned } = parts().impersonation({})
      const token = octetsOf(await impersonation.initiate(principal('alice'), 'HTTP@devops.corp.test'))
      using server = parts(devopsService).acceptor()
      assert.equal((await server.accept(token)).principal, 'alice@CORP.TEST')
      for (const part of owned) part[Symbol.dispose]()
    })
  })
