/** A request that the balancer itself finds too large may have a code in its address: nobody reads it (docs/own-host.md). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { startBalancerLab } from './balancer-lab.ts'

const LINE = 'GET /.torhaus/callback?code=c&state=s'
const LARGE = `Cookie: ${'x'.repeat(200_000)}`

test('HAProxy gives no answer to a request that is too large for it', async () => {
  const lab = await startBalancerLab('haproxy')
  try {
    const connection = await lab.open()
    connection.send(requestText(LINE, ['Host: devops.example.com', LARGE]))
    assert.equal((await connection.rest()).toString(), '')
    assert.deepEqual(lab.counts(), [0, 0])
  } finally {
    await lab.close()
  }
})

test('nginx answers a request that is too large for it so that no other page reads its address', async () => {
  const lab = await startBalancerLab('nginx')
  try {
    const answer = await lab.ask(LINE, [LARGE])
    const fields = ['Cross-Origin-Opener-Policy', 'X-Frame-Options', 'Referrer-Policy'].map(name => answer.one(name))
    assert.deepEqual([answer.status, ...fields], [431, 'same-origin', 'DENY', 'no-referrer'])
    assert.deepEqual(lab.counts(), [0, 0])
  } finally {
    await lab.close()
  }
})
