/** Both ways to tell the client address, by the documented configurations of both balancers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { CLIENT_ADDRESS, startBalancerLab } from './balancer-lab.ts'

const FORGED_ID = 'forged-by-the-client'
const forged = [
  'X-Forwarded-For: 203.0.113.7',
  'X-Forwarded-For: 127.0.0.1',
  'X-Forwarded-Proto: http',
  `X-Request-Id: ${FORGED_ID}`,
]

const ways = [
  ['haproxy', undefined],
  ['haproxy', 1],
  ['haproxy', 2],
  ['nginx', undefined],
  ['nginx', 1],
] as const

for (const [kind, version] of ways) {
  const way = version === undefined ? 'X-Forwarded-For' : `version ${version} of the PROXY protocol, before TLS`
  test(`${kind} says the client address by ${way}, and what the client itself says counts for nothing`, async () => {
    const lab = await startBalancerLab(kind, version)
    try {
      const connection = await lab.open()
      for (const fields of [[], forged, []]) {
        connection.send(requestText('GET /where', ['Host: devops.example.com', patField, ...fields]))
        const response = await connection.response()
        assert.equal(response.status, 200)
        assert.notEqual(response.one('X-Request-Id'), FORGED_ID)
        const sent = lab.origin.requests.at(-1)
        assert.deepEqual(sent?.all('X-Forwarded-For'), [CLIENT_ADDRESS])
        assert.deepEqual(sent.all('X-Forwarded-Proto'), ['https'])
        assert.deepEqual(sent.all('X-Request-Id'), [response.one('X-Request-Id')])
      }
      connection.close()
      const recordsNow = () =>
        lab.instances.flatMap(({ fixture }) => fixture.log).filter(entry => entry['url.path'] === '/where')
      // Over TLS the client may have its answer before the record of it is written.
      await eventually(() => recordsNow().length >= 3, 'each has its record')
      const records = recordsNow()
      assert.deepEqual(
        records.map(entry => entry['client.address']),
        [CLIENT_ADDRESS, CLIENT_ADDRESS, CLIENT_ADDRESS],
      )
    } finally {
      await lab.close()
    }
  })
}
