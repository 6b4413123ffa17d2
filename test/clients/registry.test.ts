/** A registry behind Torhaus, set up as docs/clients.md says, and skopeo. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { configured, type ProxyUnderTest, samplePat, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy({
    configure: config => {
      const usual = configured()(config)
      return { ...usual, credentials: { ...config.credentials, offerRules: [{ path: '/v2/', offer: ['Basic'] }] } }
    },
  })
  proxy.origin.answerWith((request, response, received) => {
    const credentials = Buffer.from(received.all('Authorization')[0]?.slice('Basic '.length) ?? '', 'base64').toString()
    if (credentials !== `ada:${samplePat}`)
      return response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${proxy.origin.url}/v2/token"` }).end('{}')
    response.setHeader('Content-Type', 'application/json').setHeader('Docker-Distribution-Api-Version', 'registry/2.0')
    return response.end(JSON.stringify(request.url === '/v2/' ? {} : { name: 'demo/app', tags: ['first', 'second'] }))
  })
})
after(() => proxy.close())

const listTags = (credentials: string) =>
  runCommand('skopeo', [
    ...['list-tags', '--tls-verify=false', '--creds', credentials],
    `docker://127.0.0.1:${proxy.fixture.port}/demo/app`,
  ])

test('skopeo lists the tags with a personal access token', async () => {
  assert.match(await listTags(`ada:${samplePat}`), /"first",\s+"second"/)
})

test('anonymous requests to a registry are offered Basic, other paths what is configured for all, Bearer with its realm', async () => {
  const challenges = async (path: string) => (await proxy.ask(`GET ${path}`)).all('WWW-Authenticate')
  assert.deepEqual(await challenges('/v2/'), [`Basic realm="${proxy.fixture.url}"`])
  assert.deepEqual(await challenges('/api'), [
    `Bearer realm="${proxy.fixture.url}"`,
    `Basic realm="${proxy.fixture.url}"`,
  ])
})
