import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Acceptor } from '../../devkit/gssapi/acceptor.ts'
import { octetsOf } from '../../devkit/kerberos/first-token.ts'
import { type ApacheOrigin, startApacheOrigin } from '../../devkit/realm/apache-origin.ts'
import type { Impersonation } from '../../src/kerberos/impersonation-cache.ts'
import { devopsService, type KerberosLab, principal, startKerberosLab } from './kerberos-lab.ts'

let lab: KerberosLab
let origin: ApacheOrigin

before(async () => {
  lab = await startKerberosLab()
  origin = await startApacheOrigin({ kdc: lab.kdc })
})
after(async () => {
  await origin?.close()
  await lab.close()
})

/** What Apache takes the sender of this token for. */
async function whoami(token: string): Promise<string> {
  const { address, port } = origin.perRequest
  const headers = { host: `devops.corp.test:${port}`, authorization: `Negotiate ${token}` }
  const response = await new Promise<string>((resolve, reject) => {
    const outgoing = request({ host: address, port, path: '/whoami', headers, agent: false }, incoming => {
      let body = ''
      incoming.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      incoming.on('end', () => resolve(incoming.statusCode === 200 ? body : `${incoming.statusCode}`))
    })
    outgoing.on('error', reject).end()
  })
  const { account }: { account: string } = JSON.parse(response)
  return account
}

const arrivesAs = async (impersonation: Impersonation, user: string): Promise<string> =>
  whoami(await impersonation.initiate(principal(user), 'HTTP@devops.corp.test'))

describe('an impersonated token', () => {
  it('reaches Apache as its principal, and alternating principals never mix', async () => {
    const impersonation = lab.impersonation()
    for (let round = 0; round < 20; round++) {
      const users = round % 2 === 0 ? ['alice', 'bob', 'carol'] : ['CORP\\Bob', 'Carol@corp.test', 'ALICE']
      const seen = await Promise.all(users.map(user => arrivesAs(impersonation, user)))
      assert.deepEqual(seen, users.map(principal))
    }
    assert.equal(impersonation.counters().identityMismatches, 0)
  })

  it('costs the KDC no more than ten requests for 10,000 tokens of three principals', async () => {
    const impersonation = lab.impersonation()
    const before = lab.kdc.requests()
    const users = ['alice', 'bob', 'carol'].map(principal)
    for (let batch = 0; batch < 100; batch++) {
      const tokens = Array.from({ length: 100 }, (_, index) => {
        const user = users[index % users.length]
        assert(user !== undefined)
        return impersonation.initiate(user, 'HTTP@devops.corp.test')
      })
      const made = await Promise.all(tokens)
      assert.equal(new Set(made).size, made.length, 'each token is a fresh one')
    }
    const after = lab.kdc.requests()
    const spent = { as: after.as - before.as, tgs: after.tgs - before.tgs }
    assert.deepEqual(spent, { as: 2, tgs: 6 })
    assert.equal(impersonation.counters().impersonations, 3)
    assert.equal(impersonation.counters().tokens, 10_000)
  })
})

describe('the credentials behind the tokens', () => {
  it('stay within their bound: the least recently used principal is forgotten, and comes back when asked for', async () => {
    const impersonation = lab.impersonation({ maxPrincipals: 2 })
    for (const user of ['alice', 'bob', 'carol', 'alice'])
      assert.equal(await arrivesAs(impersonation, user), principal(user))
    assert.equal(impersonation.size(), 2)
    assert.equal(impersonation.counters().impersonations, 4)
  })

  it('are got for more people at once than there is room for', async () => {
    const impersonation = lab.impersonation({ maxPrincipals: 1 })
    const users = ['alice', 'bob', 'carol', 'alice', 'bob', 'carol']
    assert.deepEqual(await Promise.all(users.map(user => arrivesAs(impersonation, user))), users.map(principal))
    assert.equal(impersonation.size(), 1)
  })

  it('are forgotten at once by a purge, which no call in flight feels, at whatever moment it comes', async () => {
    const impersonation = lab.impersonation()
    const alice = principal('alice')
    for (let delayMs = 0; delayMs < 20; delayMs += 2) {
      const running = Array.from({ length: 20 }, () => arrivesAs(impersonation, 'alice'))
      await sleep(delayMs)
      impersonation.purge(alice)
      assert.deepEqual(new Set(await Promise.all(running)), new Set([alice]))
      impersonation.purge(alice)
      assert.equal(impersonation.size(), 0)
    }
    assert(impersonation.counters().impersonations >= 10)
  })

  it('are got for who waits for them, however often they are purged meanwhile', async () => {
    const impersonation = lab.impersonation()
    let waiting = 100
    const asked = Array.from({ length: waiting }, () =>
      impersonation.initiate(principal('alice'), devopsService).finally(() => waiting--),
    )
    while (waiting > 0) {
      impersonation.purge(principal('alice'))
      await sleep(1)
    }
    assert.equal(new Set(await Promise.all(asked)).size, 100)
    assert.equal(impersonation.size(), 0)
  })

  it('are renewed before they end, by the clock, with the old one serving meanwhile (hazard 4)', async () => {
    let nowMs = Date.now()
    const impersonation = lab.impersonation({ now: () => nowMs, recheckMs: 36_000_000 })
    await arrivesAs(impersonation, 'alice')
    // A token is stamped by the moved clock, which Apache would refuse.
    const served = () => impersonation.initiate(principal('alice'), devopsService).then(() => 'alice@CORP.TEST')
    // 10 h tickets: inside the last five minutes, before the last one.
    nowMs += 10 * 3_600_000 - 120_000
    assert.equal(await served(), 'alice@CORP.TEST')
    while (impersonation.counters().impersonations < 2) await sleep(5)
    assert.equal(await served(), 'alice@CORP.TEST')
    assert.equal(impersonation.counters().impersonations, 2)
  })

  it('name the principal inside the ticket itself, as the service reads it', async () => {
    const impersonation = lab.impersonation()
    using devops = await Acceptor.open(devopsService, lab.kdc.keytabs.devops, lab.replayCacheFile)
    const token = await impersonation.initiate(principal('bob'), devopsService)
    assert.equal(await devops.verdict(octetsOf(token)), 'bob@CORP.TEST')
  })

  for (const mode of ['lose-question', 'lose-answer'] as const) {
    it(`comes of the only KDC though that loses one (${mode}): it is asked once more`, async () => {
      const impersonation = lab.impersonation()
      assert.equal(await arrivesAs(impersonation, 'alice'), principal('alice'))
      const before = lab.kdc.requests()
      lab.kdc.relay.mode = mode
      assert.equal(await arrivesAs(impersonation, 'bob'), principal('bob'))
      // S4U2self and S4U2proxy, one of them twice.
      assert.equal(lab.kdc.requests().tgs - before.tgs, 3)
    })
  }
})
