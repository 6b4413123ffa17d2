/** A request that the balancer itself finds too large may have a code in its address: nobody reads it (docs/own-host.md). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBalancerLab } from './balancer-lab.ts'

test('nginx answers a request that is too large for it so that no other page reads its address', async () => {
  const lab = await startBalancerLab('nginx')
  try {
    const cookie = `Cookie: ${'x'.repeat(200_000)}`
    const answer = await lab.ask('GET /.torhaus/callback?code=c&state=s', [cookie])
    const fields = ['Cross-Origin-Opener-Policy', 'X-Frame-Options', 'Referrer-Policy'].map(name => answer.one(name))
    assert.deepEqual([answer.status, ...fields], [431, 'same-origin', 'DENY', 'no-referrer'])
    assert.deepEqual(lab.counts(), [0, 0])
  } finally {
    await lab.close()
  }
})
