/** A KDC in trouble holds up nobody who does not need it, and the environment of the process is nobody's identity. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { octetsOf } from '../../devkit/kerberos/first-token.ts'
import { kinit } from '../../devkit/realm/clients.ts'
import type { Acceptor } from '../../src/kerberos/acceptor.ts'
import type { Impersonation } from '../../src/kerberos/impersonation-cache.ts'
import type { PasswordVerifier } from '../../src/kerberos/password.ts'
import { system } from '../../src/system.ts'
import {
  devopsService,
  directory,
  type KerberosLab,
  principal,
  proxyService,
  startKerberosLab,
} from './kerberos-lab.ts'
import { codeOf, recovers } from './outcome.ts'
import { partsOf } from './parts.ts'

const DEVOPS = 'HTTP@devops.corp.test'
const PAUSE_MS = 300
/** Far longer than the second try of a question takes. */
const TIMEOUT_MS = 2_000
const STRANGERS = 40
/** Of the event loop, while strangers wait; a thread that was held up would make it a handful. */
const FEWEST_TURNS = 100

let lab: KerberosLab
let acceptor: Acceptor
let verifier: PasswordVerifier
let impersonation: Impersonation
const changes: string[] = []

before(async () => {
  const onChange = (state: string, previous: string) => changes.push(`${previous} -> ${state}`)
  const gate = {
    now: system.now,
    timeoutMs: TIMEOUT_MS,
    pauseMs: PAUSE_MS,
    failureThreshold: 3,
    maxConcurrent: 16,
    onChange,
  }
  lab = await startKerberosLab({ gate })
  acceptor = lab.parts().acceptor()
  verifier = await lab.parts().verifier()
  impersonation = lab.impersonation()
})
after(async () => {
  acceptor?.[Symbol.dispose]()
  await lab.close()
})
afterEach(() => {
  lab.kdc.relay.mode = 'pass'
})

describe('a KDC that refuses connections or talks nonsense', () => {
  for (const [mode, code] of [
    ['refuse', 'kdc-unreachable'],
    ['garbage', 'kdc-reply-invalid'],
  ] as const) {
    it(`(${mode}) opens the circuit after three calls at most, and its return closes it`, async () => {
      changes.length = 0
      lab.kdc.relay.mode = mode
      const check = () => verifier.verify(principal('alice'), lab.kdc.passwordOf('alice'))
      // With the armour of our own ticket a check is two calls, of which each counts.
      const codes: string[] = []
      while (lab.gate.state() !== 'open' && codes.length < 3) codes.push(await codeOf(check()))
      assert.deepEqual(new Set(codes), new Set([code]))
      const asked = lab.kdc.requests()
      assert.equal(await codeOf(check()), 'kdc-circuit-open')
      assert.deepEqual(lab.kdc.requests(), asked, 'an open circuit asks nobody')
      lab.kdc.relay.mode = 'pass'
      await recovers(check, PAUSE_MS)
      assert.equal(lab.gate.state(), 'closed')
      assert.deepEqual(changes.slice(0, 2), ['closed -> open', 'open -> half-open'])
      assert.equal(changes.at(-1), 'half-open -> closed')
    })
  }
})

describe('a KDC that swallows requests', () => {
  it('holds up no turn of the event loop and nobody who does not need it, and is found when it answers', async () => {
    // On a busy machine the first may take longer than a caller waits.
    await recovers(() => impersonation.initiate(principal('alice'), DEVOPS), PAUSE_MS)
    const tokens = [await lab.token('alice'), await lab.token('bob')]
    lab.kdc.relay.mode = 'hang'
    const users = Array.from({ length: STRANGERS }, (_, index) => principal(`ghost${index}`))
    let isOver = false
    const attempts = Promise.all(users.map(user => codeOf(impersonation.initiate(user, DEVOPS)))).finally(() => {
      isOver = true
    })
    const served: string[] = []
    let turns = 0
    for (; !isOver; await turn()) {
      if (turns++ < tokens.length) served.push(await codeOf(acceptor.accept(tokens[turns - 1] ?? assert.fail())))
      if (turns % 10 === 0) assert.equal(await codeOf(impersonation.initiate(principal('alice'), DEVOPS)), 'done')
    }
    assert.deepEqual(served, ['done', 'done'])
    assert(turns > FEWEST_TURNS, `${turns} turns`)
    const codes = new Set(await attempts)
    assert.deepEqual(codes.difference(new Set(['kdc-unreachable', 'kdc-circuit-open'])), new Set())
    assert.equal(lab.gate.state(), 'open')
    lab.kdc.relay.mode = 'pass'
    await recovers(() => impersonation.initiate(principal('carol'), DEVOPS), PAUSE_MS)
    assert.equal(lab.gate.state(), 'closed')
    assert.equal(lab.gate.load().queued, 0)
  })
})

describe("with bob's tickets and keytab in the environment", () => {
  const kept = { ...process.env }
  before(async () => {
    const keytab = join(lab.kdc.directory, 'bob.keytab')
    await lab.kdc.sambaTool('domain', 'exportkeytab', keytab, '--principal=bob')
    process.env.KRB5CCNAME = (await kinit(lab.kdc, 'bob')).ccache
    process.env.KRB5_CLIENT_KTNAME = `FILE:${keytab}`
    process.env.KRB5_KTNAME = `FILE:${keytab}`
  })
  after(() => {
    for (const name of ['KRB5CCNAME', 'KRB5_CLIENT_KTNAME', 'KRB5_KTNAME']) {
      if (kept[name] === undefined) delete process.env[name]
      else process.env[name] = kept[name]
    }
  })

  it('a token is of whom it was asked for, and without a key of ours there is none', async () => {
    const place = { ...lab, kdc: lab.kdc.kdc, directory: lab.kdc.directory, names: directory }
    using devops = await partsOf({ ...place, keytabFile: lab.kdc.keytabs.devops, accepts: devopsService }).acceptor()
    for (const name of ['alice', 'carol', 'bob'])
      assert.equal(
        (await devops.accept(octetsOf(await impersonation.initiate(principal(name), DEVOPS)))).principal,
        principal(name),
      )
    const lacking = lab.impersonation({ keytabFile: lab.kdc.keytabs.devops })
    assert.equal(await codeOf(lacking.initiate(principal('alice'), DEVOPS)), 'service-credential-refused')
    const other = partsOf({ ...place, keytabFile: lab.kdc.keytabs.devops, accepts: proxyService })
    assert.throws(() => other.acceptor(), { code: 'service-credential-refused' })
    assert.equal(impersonation.counters().identityMismatches, 0)
  })
})
