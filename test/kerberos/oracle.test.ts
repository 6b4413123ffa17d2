/**
 * libgssapi as oracle: of thousands of changed tokens, there is none that our acceptor takes and libgssapi refuses, or
 * takes for somebody else. The other way round is allowed, and counted: our DER is stricter. One difference is meant:
 * the number of the key in a ticket stands in clear and is a hint (MS-KILE 3.4.5), so we try every key of the type, and
 * libgssapi the one of that number.
 */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import fc from 'fast-check'
import type { Acceptor } from '../../src/kerberos/acceptor.ts'
import { KerberosError } from '../../src/kerberos/kerberos-error.ts'
import { readApRequest } from '../../src/kerberos/protocol/ap-request.ts'
import { apRequestIn } from '../../src/kerberos/protocol/gss-token.ts'
import { classifyNegotiateToken, wrapInSpnego } from '../../src/kerberos/protocol/negotiate-token.ts'
import { type KerberosLab, startKerberosLab } from './kerberos-lab.ts'

const TOKENS = 5_000
/**
 * Octets of a ticket's realm, name and key number, of options, lengths and tags: where a change is not just a broken
 * ciphertext.
 */
const HEAD_OCTETS = 260

let lab: KerberosLab
let ours: Acceptor
let oracle: Acceptor
const samples: Buffer[] = []

before(async () => {
  lab = await startKerberosLab()
  ours = await lab.parts('native').acceptor()
  oracle = await lab.parts('gssapi').acceptor()
  for (const user of ['alice', 'bob']) {
    const token = await lab.token(user)
    samples.push(token, wrapInSpnego(token))
  }
  // Seen once by both: every later acceptance, which would have been one, is a replay.
  for (const acceptor of [ours, oracle]) for (const sample of samples) await verdictOf(acceptor, sample)
})
after(async () => {
  for (const acceptor of [ours, oracle]) acceptor?.[Symbol.dispose]()
  await lab.close()
})

/** A replay is found last of all checks, so it means that everything else was in order. */
async function verdictOf(acceptor: Acceptor, token: Buffer): Promise<'in order' | 'refused'> {
  try {
    await acceptor.accept(token)
    return 'in order'
  } catch (error) {
    assert(error instanceof KerberosError, `${error}`)
    return error.code === 'replay' ? 'in order' : 'refused'
  }
}

/** The number of the key that the ticket names. */
function kvnoOf(token: Buffer): number | undefined {
  const { kind, ...rest } = classifyNegotiateToken(token)
  const bare = kind === 'spnego' && 'krb5Token' in rest ? rest.krb5Token : token
  return readApRequest(apRequestIn(bare ?? token)).ticket.encrypted.kvno
}

const flip = fc.record({ at: fc.nat(), bit: fc.nat({ max: 7 }) })
const splice = fc.record({ at: fc.nat(), removed: fc.nat({ max: 12 }), put: fc.uint8Array({ maxLength: 12 }) })

it('takes no token that libgssapi refuses', async test => {
  const tally = { both: 0, neither: 0, oracleAlone: 0, byAnotherNumber: 0 }
  const kvno = kvnoOf(samples[0] ?? assert.fail('no sample'))
  const compare = async (token: Buffer): Promise<void> => {
    const [mine, its] = await Promise.all([verdictOf(ours, token), verdictOf(oracle, token)])
    if (mine === 'in order' && its === 'refused') {
      assert.notEqual(kvnoOf(token), kvno, `only ours takes ${token.toString('base64')}`)
      tally.byAnotherNumber++
    } else if (mine === 'in order') tally.both++
    else if (its === 'refused') tally.neither++
    else tally.oracleAlone++
  }
  const changed = fc
    .tuple(fc.nat(), fc.boolean(), fc.array(fc.oneof(flip, splice), { minLength: 1, maxLength: 2 }))
    .map(([which, isInHead, changes]) => {
      let token = Buffer.from(samples[which % samples.length] ?? assert.fail('no sample'))
      for (const change of changes) {
        const at = change.at % (isInHead ? HEAD_OCTETS : token.length)
        if ('bit' in change) token[at] = (token[at] ?? 0) ^ (1 << change.bit)
        else token = Buffer.concat([token.subarray(0, at), change.put, token.subarray(at + change.removed)])
      }
      return token
    })
  await fc.assert(fc.asyncProperty(changed, compare), { numRuns: TOKENS })
  test.diagnostic(JSON.stringify(tally))
  assert(tally.both > 0 && tally.neither > 0)
})
