/** A KDC of Heimdal: tickets in, passwords, and delegation as far as it goes there. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { octetsOf } from '../../devkit/kerberos/first-token.ts'
import { heimdalPrograms } from '../../devkit/realm/heimdal-programs.ts'
import { type Initiator, startInitiator } from '../../devkit/realm/initiator.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { system } from '../../src/system.ts'
import { type HeimdalKdc, startHeimdalKdc } from './heimdal-kdc.ts'
import { devopsService, directory, principal, proxyService } from './kerberos-lab.ts'
import { type Ground, partsOf } from './parts.ts'

const programs = await heimdalPrograms()
const skip = 'missing' in programs ? programs.missing : false
const DEVOPS = 'HTTP@devops.corp.test'
const users = { alice: 'Alice-Passw0rd', bob: 'Bob-Passw0rd' }

let kdc: HeimdalKdc
let initiator: Initiator

before(async () => {
  if ('missing' in programs) return
  const services = ['svc-proxy', 'HTTP/proxy.corp.test', 'HTTP/devops.corp.test']
  kdc = await startHeimdalKdc({ programs: programs.folder, users, services })
  initiator = await startInitiator(kdc)
})
after(async () => {
  await initiator?.close()
  await kdc?.close()
})

const parts = (accepts = proxyService) => {
  const place = { kdc: kdc.kdc, directory: kdc.directory, keytabFile: kdc.keytab, accepts }
  const armouring = 'svc-proxy@CORP.TEST'
  const ground = { ...place, armouring, gate: createKdcGate(system), names: directory }
  return partsOf(ground as Ground)
}

const tokenOf = async (user: keyof typeof users): Promise<Buffer> => {
  const ccache = await kdc.kinit(user, users[user])
  return Buffer.from(await initiator.negotiateToken({ spn: 'HTTP@proxy.corp.test', ccache }), 'base64')
}

describe('a KDC of Heimdal', { skip }, () => {
  it('makes tickets that are accepted, once', async () => {
    using acceptor = parts().acceptor()
    const token = await tokenOf('alice')
    const { principal: who, replyToken } = await acceptor.accept(token)
    assert.equal(who, 'alice@CORP.TEST')
    assert.equal(replyToken?.[0], 0xa1)
    await assert.rejects(acceptor.accept(token), { code: 'replay' })
    assert.equal((await acceptor.accept(await tokenOf('bob'))).principal, 'bob@CORP.TEST')
  })

  it('confirms a right password, inside the armour of our own ticket, and no wrong one, nor that of nobody', async () => {
    const verifier = await parts().verifier()
    await verifier.verify(principal('alice'), users.alice)
    await assert.rejects(verifier.verify(principal('alice'), users.bob), { code: 'password-wrong' })
    await assert.rejects(verifier.verify(principal('nobody'), users.bob), { code: 'client-unknown' })
  })

  it('gets its service account to the server as somebody else, where the list of that account has it', async () => {
    const attempt = async (name: string, target = DEVOPS) => {
      const { impersonation, owned } = parts().impersonation({})
      try {
        return await impersonation.initiate(principal(name), target)
      } finally {
        for (const part of owned) part[Symbol.dispose]()
      }
    }
    await assert.rejects(attempt('alice'), { code: 'delegation-refused' })
    const may = ['--attributes=+trusted-for-delegation', `--constrained-delegation=${devopsService}`]
    await kdc.kadmin('modify', ...may, 'svc-proxy')
    using server = parts(devopsService).acceptor()
    for (const name of ['alice', 'bob'])
      assert.equal((await server.accept(octetsOf(await attempt(name)))).principal, `${name}@CORP.TEST`)
    await assert.rejects(attempt('alice', 'HTTP@proxy.corp.test'), { code: 'delegation-refused' })
    await assert.rejects(attempt('alice', 'HTTP@missing.corp.test'), { code: 'service-unknown' })
    await assert.rejects(attempt('nobody'), { code: 'client-unknown' })
    await kdc.kadmin('modify', '--attributes=+disallow-all-tix', 'bob')
    await assert.rejects(attempt('bob'), { code: 'client-disabled' })
  })
})
