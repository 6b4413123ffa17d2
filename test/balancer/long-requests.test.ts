/** How long a balancer waits for an answer is found by one that is held back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { configIn, found } from '../doctor/doctor-lab.ts'
import { type BalancerLab, startBalancerLab } from './balancer-lab.ts'

/** What `torhaus doctor --slow` finds by way of the balancer. */
async function foundBehind(lab: BalancerLab, slowSeconds: number): Promise<string[]> {
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, lab.certificate])
  try {
    const [instance] = lab.instances
    assert.ok(instance)
    const publicUrl = `https://127.0.0.1:${lab.balancer.port}`
    return await found('long-requests', { ...configIn(instance.fixture.configFile), publicUrl }, { slowSeconds })
  } finally {
    setDefaultCACertificates(before)
  }
}

const IMPATIENT = [
  ['haproxy', (text: string) => text.replace('timeout server 10m', 'timeout server 1s')],
  ['nginx', (text: string) => text.replace('proxy_read_timeout 600s', 'proxy_read_timeout 1s')],
] as const

for (const [kind, edit] of IMPATIENT)
  test(`${kind} with a second's patience is told by its 504, and as documented it waits`, async () => {
    const impatient = await startBalancerLab(kind, undefined, edit)
    try {
      const [finding = '', ...more] = await foundBehind(impatient, 8)
      assert.deepEqual(more, [])
      assert.match(
        finding,
        /^error \(upstream\.headersTimeoutMs\) a request through publicUrl .* ends after [1-7] s: a hop before Torhaus( \(nginx\S*\))? answers 504$/,
      )
      assert.equal(impatient.origin.requests.length, 0)
    } finally {
      await impatient.close()
    }
    const documented = await startBalancerLab(kind)
    try {
      assert.deepEqual(await foundBehind(documented, 3), [])
    } finally {
      await documented.close()
    }
  })
