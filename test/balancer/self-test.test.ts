/** The installed chains of deploy/ hand requests shaped like attacks to Torhaus, which refuses them, or refuse them first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { PROBES } from '../../src/http/self-test-probes.ts'
import { configIn, found } from '../doctor/doctor-lab.ts'
import { startBalancerLab } from './balancer-lab.ts'

for (const kind of ['haproxy', 'nginx'] as const)
  test(`${kind} passes the self-test on as it is: doctor finds nothing, and nothing reaches the origin server`, async () => {
    const lab = await startBalancerLab(kind)
    const before = getCACertificates('default')
    try {
      setDefaultCACertificates([...before, lab.certificate])
      const [instance] = lab.instances
      assert.ok(instance)
      const config = configIn(instance.fixture.configFile)
      const publicUrl = `https://127.0.0.1:${lab.balancer.port}`
      assert.deepEqual(await found('way-in', { ...config, publicUrl }), [])
      assert.equal(lab.origin.requests.length, 0)
    } finally {
      setDefaultCACertificates(before)
      await lab.close()
    }
  })

for (const kind of ['haproxy', 'nginx'] as const)
  test(`each probe is refused where ${kind} hands over connections, and by Torhaus where they arrive`, async () => {
    const lab = await startBalancerLab(kind, 1)
    try {
      for (const [name, { target, fields, host, refusedAs }] of Object.entries(PROBES)) {
        const connection = await lab.open()
        connection.send(requestText(`GET ${target}`, [`Host: ${host ?? 'devops.example.com'}`, ...fields]))
        const answer = await connection.response()
        connection.close()
        assert.ok(refusedAs.includes(answer.one('X-Torhaus-Error') ?? ''), name)
        const told = answer.one('X-Torhaus-Self-Test')
        assert.ok(told === undefined || told === 'target=intact, client=forwarded', `${name}: ${told}`)
      }
      assert.equal(lab.origin.requests.length, 0)
    } finally {
      await lab.close()
    }
  })
