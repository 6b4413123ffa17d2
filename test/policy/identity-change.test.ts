/** Fields and parameters by which a server takes a request for somebody else's; and preflights that are none. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const rules = [
  { name: 'administrators', when: { path: '/api/v4/.*' }, require: 'second-factor', allowIdentityChange: true },
  { name: 'triggers', reason: 'test', when: { path: '/trigger' }, require: 'nothing' },
  { name: 'closed', when: { path: '/closed' }, require: 'refuse' },
]

type Secondary = { readonly rules?: readonly object[]; readonly reportOnly?: readonly string[] }

const start = (more: Secondary) =>
  startProxy({
    configure: config => ({ ...configured()(config), secondFactor: { ...config.secondFactor, rules, ...more } }),
  })

let proxy: ProxyUnderTest
let reporting: ProxyUnderTest
before(async () => {
  proxy = await start({})
  reporting = await start({ reportOnly: ['identity-change', 'preflight'] })
})
after(async () => {
  await proxy.close()
  await reporting.close()
})

test('a request as somebody else is refused, whoever asks', async () => {
  for (const field of [patField, proxy.bearerField]) {
    const response = await proxy.ask('GET /x', [field, 'Sudo: root'])
    assert.deepEqual([response.status, response.one('X-Torhaus-Error')], [403, 'identity-change-refused'])
  }
  assert.equal((await proxy.ask('GET /trigger?private_token=x')).one('X-Torhaus-Error'), 'identity-change-refused')
  assert.equal((await proxy.ask('GET /x', ['Private-Token: x'])).one('X-Torhaus-Error'), 'credentials-missing')
  assert.deepEqual(proxy.origin.requests, [])
})

test('beside credentials of a person nothing carries a token of Gitea or GitLab, whatever the server is', async () => {
  const pat = '736c2258092b04db7c450d5e5fcc4ccd125b0b79'
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJnbnQiOjF9.c2ln'
  const code = async (credential: string, query: string, ...fields: string[]) =>
    (await proxy.ask(`GET /x${query}`, [credential, ...fields])).one('X-Torhaus-Error')
  for (const query of [`?token=${pat}`, `?a=b&to%6ben=${pat}`, `?token=x&TOKEN=${pat}%20`, `?token=${jwt}`])
    assert.equal(await code(proxy.bearerField, query), 'identity-change-refused', query)
  for (const key of [pat, jwt, 'glpat-aaaaaaaaaaaaaaaaaaaa', 'glcbt-64_aaaaaaaaaaaaaaaaaaaa'])
    assert.equal(await code(proxy.bearerField, '', `X-NuGet-ApiKey: ${key}`), 'identity-change-refused', key)
  for (const credential of [proxy.bearerField, patField])
    assert.equal(await code(credential, '?oauth_signature=x'), 'identity-change-refused')
  // Of other products, and other things: runners, triggers, archives, confirmations by mail.
  for (const query of ['?token=glrt-x', '?token=', '?token=0123456789abcdef', `?tokens=${pat}`, `?q=token&sha=${pat}`])
    assert.equal(await code(proxy.bearerField, query), undefined, query)
  for (const key of ['az', 'AzureDevOps', 'oy2abcdefghijklmnopqrstuvwxyz'])
    assert.equal(await code(proxy.bearerField, '', `X-NuGet-ApiKey: ${key}`), undefined, key)
  assert.equal((await proxy.ask(`POST /trigger?token=${pat}`)).status, 200, 'nobody else is named')
})

test('no form goes to the API of Gitea beside credentials of a person, nor to its packages but from NuGet and twine', async () => {
  const [urlencoded, multipart] = [
    'application/x-www-form-urlencoded; charset=utf-8',
    'Multipart/Form-Data; boundary=x',
  ]
  const code = async (line: string, type: string, content = 'token=x') => {
    const fields = [proxy.bearerField, `Content-Type: ${type}`, `Content-Length: ${content.length}`]
    const answer = await proxy.ask(line, fields, content)
    return answer.one('X-Torhaus-Error') ?? answer.status
  }
  for (const path of [
    '/api/v1/user/repos',
    '/git/API/v1/user/repos',
    '/api%2fv1/user/repos',
    '/x/../api/v1//user/repos',
  ])
    for (const type of [urlencoded, multipart]) assert.equal(await code(`POST ${path}`, type), 'form-unjudged', path)
  for (const path of ['/api/packages/carol/generic/p/1/f', '/v2/carol/p/blobs/uploads/x'])
    assert.equal(await code(`PUT ${path}`, urlencoded), 'form-unjudged', path)
  assert.equal(await code('PUT /api/packages/ada/nuget/', multipart), 200)
  assert.equal(await code('POST /api/v1/user/repos', 'application/json'), 200)
  assert.equal(await code('POST /api/v1/user/repos', urlencoded, ''), 200)
  for (const path of ['/user/settings/keys', '/api/v4/projects', '/tfs/_apis/x', '/ada/r1/issues/attachments'])
    for (const type of [urlencoded, multipart]) assert.equal(await code(`POST ${path}`, type), 200, path)
})

test('a rule can allow it, and its requirement holds nevertheless', async () => {
  assert.equal((await proxy.ask('GET /api/v4/user?sudo=root', [proxy.bearerField, 'Sudo: root'])).status, 200)
  assert.deepEqual(proxy.origin.requests.at(-1)?.all('Sudo'), ['root'])
  assert.equal((await proxy.ask('GET /api/v4/user', ['Sudo: root'])).status, 401)
})

test('what Azure DevOps believes about impersonation never arrives', async () => {
  for (const name of [
    'X-TFS-Impersonate',
    'X-TFS-SubjectDescriptorImpersonate',
    'x_tfs.SubjectDescriptorImpersonate',
  ]) {
    assert.equal((await proxy.pass('GET /x', [`${name}: root`])).status, 200)
    assert.deepEqual(proxy.origin.requests.at(-1)?.all(name), [])
  }
})

const PREFLIGHT = ['Origin: https://x.example', 'Access-Control-Request-Method: GET']

test('a preflight is refused by a rule that refuses, and is one without content and cookies only', async () => {
  const code = async (path: string, ...more: readonly string[]) =>
    (await proxy.ask(`OPTIONS ${path}`, [...PREFLIGHT, ...more])).one('X-Torhaus-Error')
  assert.equal(await code('/open'), undefined)
  assert.equal(await code('/open', 'Content-Length: 0'), undefined)
  assert.equal(await code('/closed'), 'rule-refuses')
  assert.equal(await code('/open', 'Cookie: FedAuth=x'), 'credentials-missing')
  assert.equal(await code('/open', 'Content-Length: 1'), 'credentials-missing')
  assert.equal(await code('/open', 'X-HTTP-Method-Override: DELETE'), 'credentials-missing')
  for (const field of ['X-VSS-DownloadTicket: x', 'signature: x', 'X-NuGet-ApiKey: x', 'X_Ops_Authorization_1: x'])
    assert.equal(await code('/open', field), 'credentials-missing', field)
})

test('each of these refusals can be reported only', async () => {
  const reported = (rule: string, code: string) =>
    reporting.metric(`torhaus_report_only_total{rule="${rule}",code="${code}"}`)
  assert.equal((await reporting.pass('GET /x', ['Sudo: root'])).status, 200)
  assert.equal(await reported('identity-change', 'identity-change-refused'), 1)
  assert.equal((await reporting.ask('OPTIONS /closed', PREFLIGHT)).status, 200)
  assert.equal(await reported('closed', 'rule-refuses'), 1)
  assert.equal((await reporting.ask('OPTIONS /open', [...PREFLIGHT, 'Cookie: FedAuth=x'])).status, 200)
  assert.equal(await reported('cors-preflight', 'credentials-missing'), 1)
})
