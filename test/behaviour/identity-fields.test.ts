import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { basic, type ProxyUnderTest, patField, samplePat, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

/** Fields in which some server behind a proxy believes who the user is, where the client is, or what it asks for. */
const believed = [
  'X-Remote-Account',
  'X-Remote-User',
  'Remote-User',
  'X-Forwarded-User',
  'X-Forwarded-Email',
  'X-Forwarded-Groups',
  'X-Forwarded-Preferred-Username',
  'X-Forwarded-Access-Token',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Server',
  'X-Torhaus-Assertion',
  'X-WebAuth-User',
  'X-Auth-Request-User',
  'X-IIS-WindowsAuthToken',
  'X-iisnode-AUTH_USER',
  'X-TFS-Impersonate',
  'X-MS-Client-Principal',
  'X-MS-Client-Principal-Name',
  ...['Client-Cert', 'Client-Cert-Chain', 'X-Client-Cert', 'X-ARR-ClientCert', 'X-Forwarded-Client-Cert'],
  ...['X-SSL-Client-Cert', 'X-SSL-Client-S-DN', 'SSL_CLIENT_CERT', 'X-Amzn-Mtls-Clientcert-Subject'],
  'X-Real-IP',
  'X-Client-IP',
  'True-Client-IP',
  ...['Client-IP', 'X-Forwarded', 'Forwarded-For', 'X-Remote-Addr', 'WL-Proxy-Client-IP', 'X-Original-Forwarded-For'],
  'X-Original-URL',
  'X-Rewrite-URL',
  ...['X-Sendfile-Type', 'X-Accel-Mapping', 'AspFilterSessionId'],
  'Forwarded',
  ...['Proxy', 'X-Host', 'X-Host-Override', 'X-HTTP-Host-Override', 'X-Original-Host', 'X-Original-For'],
  ...['X-Original-Proto', 'X-ProxyUser-Ip', 'X-JFrog-Override-Base-Url', 'X-Artifactory-Override-Base-Url'],
  ...['MS-ASPNETCORE-TOKEN', 'MS-ASPNETCORE-CLIENTCERT', 'MS-ASPNETCORE-WINAUTHTOKEN', 'MS-ASPNETCORE-EVENT'],
]

const alias = {
  'as it is': (name: string) => name,
  'in capitals': (name: string) => name.toUpperCase(),
  'with underscores': (name: string) => name.replaceAll('-', '_'),
  'with dots': (name: string) => name.replaceAll('-', '.'),
  'with both': (name: string) => name.replace('-', '_').replaceAll('-', '.'),
  'with other characters': (name: string) => name.replace('-', '~').replaceAll('-', '*'),
}

for (const [how, spell] of Object.entries(alias)) {
  test(`identity and address fields of a client, spelled ${how}, never reach the origin`, async () => {
    for (const credentials of [proxy.bearerField, `Authorization: Bearer ${'a'.repeat(52)}`]) {
      const response = await proxy.ask('GET /', [credentials, ...believed.map(name => `${spell(name)}: spoofed`)])
      assert.equal(response.status, 200)
      const spoofed = proxy.origin.requests.at(-1)?.fields.filter(([, value]) => value.includes('spoofed'))
      assert.deepEqual(spoofed, [])
    }
  })
}

test('aliases of fields we act on are neither acted on nor passed on', async () => {
  const aliases = [
    'Host',
    'Authorization',
    'Cookie',
    'Content-Length',
    'Transfer-Encoding',
    'X-Request-Id',
    'Max-Forwards',
  ]
  const fields = aliases.filter(name => name.includes('-')).map(name => `${name.replaceAll('-', '_')}: 99`)
  const response = await proxy.pass('POST /', [...fields, 'Content-Length: 2'], 'ok')
  assert.equal(response.status, 200)
  const received = proxy.origin.requests.at(-1)
  assert.equal(received?.text, 'ok')
  assert.deepEqual(
    received?.fields.filter(([name, value]) => name.includes('_') || value === '99'),
    [],
  )
})

test('the account arrives once, in the field configured, and the credentials of the client do not', async () => {
  await proxy.ask('GET /', [proxy.bearerField, 'X-Remote-Account: root', 'X-Remote-Account: admin'])
  const received = proxy.origin.requests.at(-1)
  assert.deepEqual(received?.all('X-Remote-Account'), ['ada'])
  assert.deepEqual(received?.all('Authorization'), [])
})

test('a request that passes through carries the credentials of the client and no account', async () => {
  await proxy.pass('GET /', ['X-Remote-Account: root'])
  const received = proxy.origin.requests.at(-1)
  assert.deepEqual(received?.all('X-Remote-Account'), [])
  assert.equal(received?.all('Authorization').length, 1)
})

for (const name of ['Authorization', 'Content-Type', 'Origin', 'Expect']) {
  test(`two ${name} fields are refused, not joined`, async () => {
    const seen = proxy.origin.requests.length
    const response = await proxy.pass('GET /', [`${name}: x`, `${name}: x`])
    assert.equal(response.status, 400)
    assert.equal(response.one('X-Torhaus-Error'), 'field-duplicated')
    assert.equal(proxy.origin.requests.length, seen)
  })
}

test('the same Authorization twice, as Git LFS sends it, reaches the origin once', async () => {
  const response = await proxy.pass('GET /', [patField])
  assert.equal(response.status, 200)
  const values = proxy.origin.requests
    .at(-1)
    ?.all('Authorization')
    .map(value => `Authorization: ${value}`)
  assert.deepEqual(values, [patField])
})

for (const [what, other] of [
  ['another password', basic('', 'x')],
  ['another user name', basic('x', samplePat)],
  ['another scheme', `Authorization: Bearer ${samplePat}`],
  ['another spelling', patField.replace('Basic', 'basic')],
  ['nothing', 'Authorization:'],
] as const)
  test(`two Authorization fields, one of them with ${what}, are refused in either order`, async () => {
    const seen = proxy.origin.requests.length
    for (const fields of [
      [patField, other],
      [other, patField],
      [patField, patField, other],
    ]) {
      const response = await proxy.ask('GET /', fields)
      assert.equal(response.one('X-Torhaus-Error'), 'field-duplicated')
    }
    assert.equal(proxy.origin.requests.length, seen)
  })

test('other fields reach the origin in order and spelling, repeated lines and octets included', async () => {
  const sent = [
    'X-b: 1',
    'x-A: 2',
    'X-b: 3',
    'X-Octets: \xe4\xff',
    'Git-Protocol: version=2',
    'Content-Range: bytes 0-1/2',
    'X-Empty: ',
  ]
  await proxy.pass('GET /', sent)
  const received = proxy.origin.requests.at(-1)?.fields.map(([name, value]) => `${name}: ${value}`)
  assert.deepEqual(
    received?.filter(line => sent.includes(line)),
    sent,
  )
})
