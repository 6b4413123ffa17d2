import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Impersonation } from '../../src/kerberos/impersonation-cache.ts'
import { KerberosError } from '../../src/kerberos/kerberos-error.ts'
import { type KerberosLab, principal, startKerberosLab } from './kerberos-lab.ts'

let lab: KerberosLab
let impersonation: Impersonation

before(async () => {
  lab = await startKerberosLab()
  await lab.kdc.addAccounts([
    { name: 'svc-plain', password: 'svc-plain-Passw0rd', servicePrincipals: ['HTTP/plain.corp.test'] },
    {
      name: 'svc-noptr',
      password: 'svc-noptr-Passw0rd',
      servicePrincipals: ['HTTP/noptr.corp.test'],
      delegatesTo: ['HTTP/devops.corp.test'],
    },
  ])
  impersonation = lab.impersonation()
})
after(() => lab.close())

const devops = 'HTTP@devops.corp.test'

/** The refusal, which must be coded, and whose message must name nobody. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.fail('was not refused'),
    (reason: unknown) => reason,
  )
  assert(error instanceof KerberosError, `${error}`)
  assert.doesNotMatch(error.message, /alice|bob|disabled1|sensitive1|nobody1|Passw0rd/)
  return `${error.operation} ${error.code}`
}

describe('the KDC refuses', () => {
  it('an unknown account at S4U2self', async () => {
    assert.equal(await refusal(impersonation.initiate(principal('nobody1'), devops)), 's4u2self client-unknown')
  })

  it('a disabled account at S4U2self', async () => {
    assert.equal(await refusal(impersonation.initiate(principal('disabled1'), devops)), 's4u2self client-disabled')
  })

  it('a sensitive account, as its evidence says', async () => {
    assert.equal(await refusal(impersonation.initiate(principal('sensitive1'), devops)), 's4u2self delegation-refused')
  })

  it('a target that is not in the list of our service account', async () => {
    const target = 'HTTP@plain.corp.test'
    assert.equal(await refusal(impersonation.initiate(principal('alice'), target)), 'initiate delegation-refused')
  })

  it('a target whose SPN is missing', async () => {
    const target = 'HTTP@missing.corp.test'
    assert.equal(await refusal(impersonation.initiate(principal('alice'), target)), 'initiate service-unknown')
  })

  it('every account where our service account lacks protocol transition', async () => {
    const keytabFile = `${lab.kdc.directory}/noptr.keytab`
    await lab.kdc.sambaTool('domain', 'exportkeytab', keytabFile, '--principal=svc-noptr')
    const weak = lab.impersonation({ principal: 'svc-noptr@CORP.TEST', keytabFile })
    assert.equal(await refusal(weak.initiate(principal('alice'), devops)), 'initiate delegation-refused')
  })

  it('our own service account with an outdated or missing keytab', async () => {
    const keytabFile = `${lab.kdc.directory}/plain.keytab`
    await lab.kdc.sambaTool('domain', 'exportkeytab', keytabFile, '--principal=svc-plain')
    await lab.kdc.sambaTool('user', 'setpassword', 'svc-plain', '--newpassword=Another-Passw0rd')
    for (const file of [keytabFile, '/nonexistent/keytab', lab.kdc.keytabs.devops]) {
      const signIn = (async () => lab.parts().signIn('svc-plain@CORP.TEST', file))()
      assert.equal(await refusal(signIn), 'service-credential service-credential-refused', file)
    }
  })
})

describe('a refusal', () => {
  it('is remembered for a while, so that a client in a loop costs one request', async () => {
    let nowMs = Date.now()
    const own = lab.impersonation({ now: () => nowMs, refusalTtlMs: 30_000 })
    await refusal(own.initiate(principal('nobody1'), devops))
    const { tgs } = lab.kdc.requests()
    for (let round = 0; round < 50; round++) await refusal(own.initiate(principal('nobody1'), devops))
    assert.equal(lab.kdc.requests().tgs, tgs)
    nowMs += 30_001
    await refusal(own.initiate(principal('nobody1'), devops))
    const since = lab.kdc.requests().tgs
    assert(since > tgs)
    // A clock that is set back.
    nowMs -= 60_000
    await refusal(own.initiate(principal('nobody1'), devops))
    assert(lab.kdc.requests().tgs > since)
  })

  it('for one target leaves another target usable', async () => {
    await refusal(impersonation.initiate(principal('bob'), 'HTTP@plain.corp.test'))
    assert((await impersonation.initiate(principal('bob'), devops)).length > 500)
  })
})

describe('an account that is disabled while it is in use', () => {
  it('is refused once its ticket was to be asked for anew, and others are not', async () => {
    let nowMs = Date.now()
    const own = lab.impersonation({ now: () => nowMs, recheckMs: 60_000 })
    await lab.kdc.addAccounts([{ name: 'leaver', password: 'leaver-Passw0rd' }])
    const initiate = (name: string) => own.initiate(principal(name), devops)
    for (const name of ['leaver', 'bob']) await initiate(name)
    const isReady = (name: string) => own.isReady(principal(name), devops)
    assert.deepEqual(['leaver', 'bob', 'carol'].map(isReady), [true, true, false])
    await lab.kdc.sambaTool('user', 'disable', 'leaver')
    assert((await initiate('leaver')).length > 500, 'its ticket is still believed')
    // At once, also where nobody has asked for it for hours.
    nowMs += 3 * 3_600_000
    assert.equal(isReady('leaver'), false, 'on a connection that is authenticated, too')
    assert.equal(await refusal(initiate('leaver')), 's4u2self client-disabled')
    assert.equal(await refusal(initiate('leaver')), 's4u2self client-disabled')
    assert((await initiate('bob')).length > 500)
  })
})

describe('an account whose ticket was asked for anew', () => {
  it('goes on when the KDC goes away right after', async () => {
    let nowMs = Date.now()
    const own = lab.impersonation({ now: () => nowMs, recheckMs: 60_000 })
    const initiate = () => own.initiate(principal('carol'), devops)
    await initiate()
    const { tgs } = lab.kdc.requests()
    nowMs += 55_000
    await initiate()
    // S4U2self, and S4U2proxy for the server that it was used for.
    for (let round = 0; lab.kdc.requests().tgs < tgs + 2; round++) {
      assert(round < 1_000, 'was not asked')
      await sleep(10)
    }
    for (let round = 0; lab.gate.load().running > 0; round++) {
      assert(round < 1_000, 'was not answered')
      await sleep(10)
    }
    lab.kdc.relay.mode = 'refuse'
    try {
      assert((await initiate()).length > 500)
      nowMs += 120_000
      assert((await initiate()).length > 500, 'nobody says that it counts no more')
    } finally {
      lab.kdc.relay.mode = 'pass'
    }
  })
})
