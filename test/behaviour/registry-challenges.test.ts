/** A registry behind Torhaus: its clients answer the first challenge that they understand. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let usual: ProxyUnderTest
let ruled: ProxyUnderTest
before(async () => {
  usual = await startProxy()
  ruled = await startProxy({
    configure: config => {
      const offerRules = [{ path: '/v2/demo', offer: ['Bearer'] }]
      return { ...configured()(config), credentials: { ...config.credentials, offerRules } }
    },
  })
})
after(async () => {
  await usual.close()
  await ruled.close()
})

const schemes = async (proxy: ProxyUnderTest, path: string, userAgent: string) => {
  const response = await proxy.ask(`GET ${path}`, [`User-Agent: ${userAgent}`])
  return response.all('WWW-Authenticate').map(challenge => challenge.split(' ')[0])
}

for (const agent of ['Docker-Client/28.2.2 (linux)', 'skopeo/1.9.3', 'Go-http-client/1.1', 'of-my-own/1.0'])
  test(`${agent} is offered no Bearer at a registry, whose realm it would ask for a token, and elsewhere it is`, async () => {
    for (const path of ['/v2/', '/v2', '/v2/demo/app/tags/list?n=1'])
      assert.deepEqual(await schemes(usual, path, agent), ['Basic'])
    for (const path of ['/api', '/v2x', '/tfs/v2/'])
      assert.deepEqual(await schemes(usual, path, agent), ['Bearer', 'Basic'])
  })

test('a build agent is offered Bearer wherever it asks, a browser no Basic', async () => {
  assert.deepEqual(await schemes(usual, '/v2/_apis/connectionData', 'VstsAgentCore-linux-x64/4.255.0'), [
    'Bearer',
    'Basic',
  ])
  assert.deepEqual(await schemes(usual, '/v2/', 'Mozilla/5.0 (X11; Linux x86_64)'), ['Bearer'])
})

test('a rule for a path of a registry decides', async () => {
  assert.deepEqual(await schemes(ruled, '/v2/demo/app/tags/list', 'skopeo/1.9.3'), ['Bearer'])
  assert.deepEqual(await schemes(ruled, '/v2/other/tags/list', 'skopeo/1.9.3'), ['Basic'])
})

test('a Bearer challenge has its realm, and a refusal at a registry is of the type that docker reads', async () => {
  const response = await ruled.ask('GET /v2/demo/app/tags/list')
  assert.deepEqual(response.all('WWW-Authenticate'), [`Bearer realm="${ruled.fixture.url}"`])
  assert.equal(response.one('Content-Type'), 'application/json')
})
