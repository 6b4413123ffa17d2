import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
let strict: ProxyUnderTest
before(async () => {
  const when = { methods: ['POST'], path: '/[^/]+/_apis/public/webhooks/[a-z]+' }
  const rules = [{ name: 'webhooks', reason: 'test', when, require: 'nothing' }]
  const withSecondFactor = (secondFactor: object) => (config: Parameters<ReturnType<typeof configured>>[0]) => ({
    ...configured()(config),
    secondFactor: { ...config.secondFactor, ...secondFactor },
  })
  proxy = await startProxy({ configure: withSecondFactor({ rules }) })
  strict = await startProxy({ configure: withSecondFactor({ allowAgentTokenExchange: false }) })
})
after(async () => {
  await proxy.close()
  await strict.close()
})

const token = 'POST /DefaultCollection/_apis/oauth2/token'
const content = ['Content-Length: 0']

/** Requests without credentials that pass, and the policy that lets them. */
const passing: [line: string, fields: string[], policy: string][] = [
  [token, content, 'agent-token-exchange'],
  ['POST /_apis/oauth2/token', content, 'agent-token-exchange'],
  ['POST /tfs/a/b/_apis/oauth2/token?api-version=1', content, 'agent-token-exchange'],
  ['POST /c/_apis/public/webhooks/build?x=y', content, 'webhooks'],
  ['OPTIONS /any', ['Origin: https://x.example', 'Access-Control-Request-Method: GET'], 'cors-preflight'],
]

for (const [line, fields, policy] of passing) {
  test(`${line} passes without credentials, by ${policy}`, async () => {
    const response = await proxy.ask(line, fields)
    assert.equal(response.status, 200)
    assert.equal((await proxy.record(response))['torhaus.admitted_by'], policy)
    assert.deepEqual(proxy.origin.requests.at(-1)?.all('X-Remote-Account'), [])
  })
}

/** Requests that resemble an exempt one, and the code they get. */
const refused: [line: string, code: string, fields?: string[]][] = [
  ['GET /DefaultCollection/_apis/oauth2/token', 'credentials-missing'],
  ['POST /x?/_apis/oauth2/token', 'credentials-missing'],
  ['POST /x?y=/_apis/oauth2/token', 'credentials-missing'],
  ['POST /_apis/oauth2/token/more', 'credentials-missing'],
  ['POST /_apis/oauth2/tokens', 'credentials-missing'],
  ['POST /_apis/oauth2/token/', 'credentials-missing'],
  ['POST /secret/..%2f_apis/oauth2/token', 'path-ambiguous'],
  ['POST /_apis/oauth2/token/../../../secret', 'credentials-missing'],
  ['POST /secret/../_apis/oauth2/token', 'path-ambiguous'],
  ['POST /_apis/oauth2/token/%2e%2e/%2e%2e/../_apis/oauth2/token', 'path-ambiguous'],
  ['POST /secret%2f..%2f_apis/oauth2/token', 'path-ambiguous'],
  ['POST /secret%5c_apis/oauth2/token', 'path-ambiguous'],
  ['POST /secret\\_apis/oauth2/token', 'path-ambiguous'],
  ['POST /secret;/_apis/oauth2/token', 'path-ambiguous'],
  ['POST /secret%3b/_apis/oauth2/token', 'path-ambiguous'],
  ['POST //_apis/oauth2/token', 'path-ambiguous'],
  ['POST /secret/%252e%252e/_apis/oauth2/token', 'path-ambiguous'],
  ['POST /_apis%2foauth2/token', 'path-ambiguous'],
  ['POST /_apis/oauth2/tok%65n', 'path-ambiguous'],
  ['POST /c/_apis/public/webhooks/build;x', 'path-ambiguous'],
  ['POST /c/_apis/public/webhooks/../webhooks/build', 'path-ambiguous'],
  ['POST /c/_apis/public/webhooks/build/x', 'credentials-missing'],
  ['PUT /c/_apis/public/webhooks/build', 'credentials-missing'],
  ['post /_apis/oauth2/token', 'method-unknown'],
  ['OPTIONS /any', 'credentials-missing', ['Origin: https://x.example']],
  ['OPTIONS /any', 'credentials-missing', ['Access-Control-Request-Method: GET']],
  ['GET /any', 'credentials-missing', ['Origin: https://x.example', 'Access-Control-Request-Method: GET']],
  // As a preflight, but for what says who it is from: browsers send none of it along.
  ...['X-SSH-Certificate: x', 'X-Ops-Userid: ada', 'Cookie: a=b'].map((field): [string, string, string[]] => [
    'OPTIONS /any',
    'credentials-missing',
    ['Origin: https://x.example', 'Access-Control-Request-Method: GET', field],
  ]),
  [token, 'credentials-missing', ['X-HTTP-Method-Override: DELETE']],
]

for (const [line, code, fields = []] of refused) {
  test(`${line} ${fields.join(' ')} is no exemption: ${code}`, async () => {
    const seen = proxy.origin.requests.length
    const response = await proxy.ask(line, line.startsWith('OPTIONS') ? fields : [...fields, ...content])
    assert.equal(response.one('X-Torhaus-Error'), code)
    assert.equal(proxy.origin.requests.length, seen)
  })
}

test('wrong credentials are refused on an exempt path, too', async () => {
  const response = await proxy.ask(token, [...content, 'Authorization: Bearer opaque'])
  assert.equal(response.status, 401)
})

test('whoever has one factor does not act as a person by the exemption for agents', async () => {
  const seen = proxy.origin.requests.length
  const oneFactor = await proxy.fixture.op.issueAccessToken('ada', { acr: undefined, amr: ['pwd'] })
  const line = 'POST /api/v1/repos/ada/app/contents/_apis/oauth2/token'
  const response = await proxy.ask(line, [...content, `Authorization: Bearer ${oneFactor}`])
  assert.deepEqual([response.status, response.one('X-Torhaus-Error')], [403, 'second-factor-missing'])
  assert.equal(proxy.origin.requests.length, seen)
})

test('the built-in exemption can be switched off', async () => {
  assert.equal((await strict.ask(token, content)).status, 401)
  assert.equal(strict.origin.requests.length, 0)
})
