/**
 * libgssapi as oracle: of thousands of changed tokens, there is none that our acceptor takes and libgssapi refuses, or
 * takes for somebody else. The other way round is allowed, and counted: our DER is stricter, and a PAC must be signed.
 * One difference is meant: the number of the key in a ticket stands in clear and is a hint (MS-KILE 3.4.5), so we try
 * every key of the type, and libgssapi the one of that number.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, it } from 'node:test'
import fc from 'fast-check'
import { Acceptor as Oracle } from '../../devkit/gssapi/acceptor.ts'
import { CHANGES, changedToken } from '../../devkit/kerberos/token-changer.ts'
import type { Acceptor } from '../../src/kerberos/acceptor.ts'
import { KerberosError } from '../../src/kerberos/kerberos-error.ts'
import { readApRequest } from '../../src/kerberos/protocol/ap-request.ts'
import type { EncryptionKey } from '../../src/kerberos/protocol/encryption-key.ts'
import { apRequestIn } from '../../src/kerberos/protocol/gss-token.ts'
import { readKeytab } from '../../src/kerberos/protocol/keytab.ts'
import { classifyNegotiateToken } from '../../src/kerberos/protocol/negotiate-token.ts'
import { devopsService, type KerberosLab, proxyService, startKerberosLab } from './kerberos-lab.ts'

const TOKENS = 5_000

let lab: KerberosLab
let ours: Acceptor
let oracle: Oracle
let serviceKey: EncryptionKey
/** Bare; the last is for another service. */
const samples: Buffer[] = []

before(async () => {
  lab = await startKerberosLab()
  ours = lab.parts().acceptor()
  oracle = await Oracle.open(proxyService, lab.kdc.keytabs.proxy, lab.replayCacheFile)
  for (const user of ['alice', 'bob']) samples.push(await lab.token(user))
  samples.push(await lab.token('alice', devopsService))
  const { entries } = readKeytab(readFileSync(lab.kdc.keytabs.proxy))
  const { etype, kvno } = readApRequest(apRequestIn(samples[0] ?? assert.fail())).ticket.encrypted
  const entry = entries.find(({ name, key, kvno: number }) => {
    return name.components[0] === 'HTTP' && key.enctype.number === etype && number === kvno
  })
  serviceKey = entry?.key ?? assert.fail('no key')
  // Seen once by both: every later acceptance, which would have been one, is a replay.
  for (const sample of samples) await Promise.all([verdictOf(sample), oracle.verdict(sample)])
})
after(async () => {
  for (const acceptor of [ours, oracle]) acceptor?.[Symbol.dispose]()
  await lab.close()
})

/** Who it is, or that it was seen: found last of all checks, that means that everything else was in order. */
async function verdictOf(token: Buffer): Promise<string> {
  try {
    return (await ours.accept(token)).principal
  } catch (error) {
    assert(error instanceof KerberosError, `${error}`)
    return error.code === 'replay' ? 'seen' : 'refused'
  }
}

/** The number of the key that the ticket names. */
function kvnoOf(token: Buffer): number | undefined {
  const { kind, ...rest } = classifyNegotiateToken(token)
  const bare = kind === 'spnego' && 'krb5Token' in rest ? rest.krb5Token : token
  return readApRequest(apRequestIn(bare ?? token)).ticket.encrypted.kvno
}

it('takes no token that libgssapi refuses, and none for somebody else', async test => {
  const tally = Object.fromEntries(
    CHANGES.map(change => [change, { both: 0, neither: 0, oracleAlone: 0, byAnotherNumber: 0 }]),
  )
  const kvno = kvnoOf(samples[0] ?? assert.fail('no sample'))
  const compare = async (which: number, change: (typeof CHANGES)[number], seed: number): Promise<void> => {
    const foreign = which === 2
    const how = foreign && ['ticket', 'pac', 'authenticator', 'bindings'].includes(change) ? 'octets' : change
    const token = changedToken(samples[which] ?? assert.fail('no sample'), serviceKey, how, seed)
    const [mine, its] = await Promise.all([verdictOf(token), oracle.verdict(token)])
    const counts = tally[how] ?? assert.fail(how)
    if (mine === its && mine !== 'refused') counts.both++
    else if (its === 'refused' && mine !== 'refused') {
      assert.notEqual(kvnoOf(token), kvno, `${how}: only ours takes ${token.toString('base64')}`)
      counts.byAnotherNumber++
    } else if (mine !== 'refused') assert.fail(`${how}: ${mine} is ${its} to libgssapi: ${token.toString('base64')}`)
    else if (its === 'refused') counts.neither++
    else counts.oracleAlone++
  }
  const changes = fc.tuple(fc.constantFrom(0, 0, 1, 1, 2), fc.constantFrom(...CHANGES), fc.nat())
  await fc.assert(
    fc.asyncProperty(changes, ([which, change, seed]) => compare(which, change, seed)),
    { numRuns: TOKENS },
  )
  test.diagnostic(JSON.stringify(tally))
  for (const [change, { both, neither, oracleAlone }] of Object.entries(tally))
    assert(both > 0 && (change === 'bindings' || neither + oracleAlone > 0), change)
})
