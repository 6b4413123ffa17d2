/** A KDC that finds the ticket of a person no good, and the one that was got anew for it, too (KRB_ERR_GENERIC says no more). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalPrincipal } from '../../../src/kerberos/canonical-principal.ts'
import { createImpersonationCache, type PrincipalTickets } from '../../../src/kerberos/impersonation-cache.ts'
import { KdcRefusal } from '../../../src/kerberos/kdc/kdc-refusal.ts'
import { codedFailure } from '../../../src/kerberos/kdc-failure.ts'
import { KerberosError } from '../../../src/kerberos/kerberos-error.ts'
import { createRenewing } from '../../../src/kerberos/renewing.ts'

const alice = canonicalPrincipal('alice', { realm: 'CORP.TEST' })
const DEVOPS = 'HTTP@devops.corp.test'

/** `refuses`: whether it gives no ticket for that server. */
function cacheBefore(refuses: (target: string) => Promise<void> | undefined) {
  const asked = { evidence: 0, tickets: 0 }
  let nowMs = 0
  const tickets: PrincipalTickets = {
    async token(target) {
      asked.tickets++
      await refuses(target)
      return `for ${target}`
    },
    tokenAtOnce: () => undefined,
    isReady: () => false,
    targets: () => [],
    [Symbol.dispose]: () => undefined,
  }
  const cache = createImpersonationCache({
    realm: 'CORP.TEST',
    now: () => nowMs,
    count: { impersonations: 0, tokens: 0, identityMismatches: 0 },
    ticketsOf: () =>
      createRenewing({
        now: () => nowMs,
        async acquire(store) {
          asked.evidence++
          store(tickets, { renewAtMs: 1e9, expiresAtMs: 1e9 })
        },
      }),
  })
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { asked, cache, pass }
}

const noGood = () => codedFailure<void>('initiate', () => Promise.reject(new KdcRefusal(60)))

test('is not asked for the next requests of that person, and then once more', async () => {
  const { asked, cache, pass } = cacheBefore(noGood)
  const requests = async () => {
    for (let request = 0; request < 10; request++)
      await assert.rejects(cache.initiate(alice, DEVOPS), { code: 'credentials-expired' })
  }
  await requests()
  assert.deepEqual(asked, { evidence: 2, tickets: 2 })
  pass(5_000)
  await requests()
  assert.deepEqual(asked, { evidence: 4, tickets: 4 })
})

test('answers for other servers meanwhile, with the tickets that are there', async () => {
  const { asked, cache } = cacheBefore(target => (target.includes('devops') ? noGood() : undefined))
  await assert.rejects(cache.initiate(alice, DEVOPS), { code: 'credentials-expired' })
  for (let request = 0; request < 5; request++) {
    await assert.rejects(cache.initiate(alice, DEVOPS), { code: 'credentials-expired' })
    assert.equal(await cache.initiate(alice, 'HTTP@web.corp.test'), 'for HTTP/web.corp.test@CORP.TEST')
  }
  assert.equal(asked.evidence, 3)
})

test('is asked at once where a ticket was let go of, of which it said nothing', async () => {
  let releases = 0
  const { asked, cache } = cacheBefore(() => {
    if (releases++ < 2) throw new KerberosError('credentials-expired', 'initiate', { text: 'released' })
    return undefined
  })
  await assert.rejects(cache.initiate(alice, DEVOPS), { code: 'credentials-expired' })
  assert.equal(await cache.initiate(alice, DEVOPS), 'for HTTP/devops.corp.test@CORP.TEST')
  assert.equal(asked.tickets, 3)
})
