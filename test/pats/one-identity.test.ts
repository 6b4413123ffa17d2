/** What passes on a token is from its owner, whatever else the request carries. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { signIn } from '../../devkit/op/user-agent.ts'
import { basic, configured, type ProxyUnderTest, samplePat, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { Person } from '../grants/person.ts'
import { type ProofLab, startProofLab } from './proof-lab.ts'

const ADA = 'glpat-aaaaaaaaaaaaaaaaaaaa'
const EVE = 'glpat-eeeeeeeeeeeeeeeeeeee'

let azure: ProxyUnderTest
let gitlab: ProofLab
before(async () => {
  azure = await startProxy()
  gitlab = await startProofLab('gitlab')
  gitlab.server.owners.set(ADA, 'ada').set(EVE, 'eve')
})
after(async () => {
  await azure.close()
  await gitlab.close()
})

const code = async (line: string, ...fields: readonly string[]) => {
  gitlab.seen()
  const answer = await gitlab.ask(line, fields)
  return [answer.one('X-Torhaus-Error') ?? answer.status, gitlab.seen().forwarded.length]
}

test('without proof, too, neither cookies of the server nor signed requests and tickets go along with a token', async () => {
  await azure.pass('GET /x', [
    ...['Cookie: FedAuth=stolen; theme=dark', 'X-VSS-DownloadTicket: t', 'Signature: keyId="k"', 'X_Ops.UserId: root'],
    'X-Other: stays',
  ])
  const received = azure.origin.requests.at(-1)
  for (const name of ['Cookie', 'X-VSS-DownloadTicket', 'Signature', 'X_Ops.UserId'])
    assert.deepEqual(received?.all(name), [])
  assert.deepEqual(received?.all('X-Other'), ['stays'])
})

test('with an access token of the OP the cookies of the server do', async () => {
  await azure.ask('GET /x', [azure.bearerField, 'Cookie: theme=dark'])
  assert.deepEqual(azure.origin.requests.at(-1)?.all('Cookie'), ['theme=dark'])
})

test('an option keeps them', async () => {
  const proxy = await startProxy({
    configure: config => ({
      ...configured()(config),
      credentials: { ...config.credentials, keepCookiesBesideTokens: true },
    }),
  })
  try {
    await proxy.pass('GET /x', ['Cookie: FedAuth=x', 'Signature: y'])
    const received = proxy.origin.requests.at(-1)
    assert.deepEqual([received?.all('Cookie'), received?.all('Signature')], [['FedAuth=x'], ['y']])
  } finally {
    await proxy.close()
  }
})

test('two tokens are refused, the same one twice passes, in every pair of carriers', async () => {
  const carriers: ((token: string) => readonly [query: string, field?: string])[] = [
    token => ['', basic('x', token)],
    token => ['', `Private-Token: ${token}`],
    token => ['', `job_token: ${token}`],
    token => [`private_token=${token}`],
    token => [`access_%74oken=${token}`],
  ]
  for (const one of carriers) {
    for (const other of carriers) {
      if (one === other) continue
      const ask = (first: string, second: string) => {
        const [[query, field], [otherQuery, otherField]] = [one(first), other(second)]
        const fields = [field, otherField].filter(line => line !== undefined)
        return code(`GET /x?${query}&${otherQuery}`, ...fields)
      }
      assert.deepEqual(await ask(ADA, EVE), ['credentials-conflict', 0])
      assert.deepEqual(await ask(ADA, ADA), [200, 1])
    }
  }
})

test('a token beside credentials of a person is somebody else, and acting as another needs a rule in any case', async () => {
  assert.deepEqual(await code('GET /x', gitlab.bearerField, `PRIVATE-TOKEN: ${EVE}`), ['identity-change-refused', 0])
  assert.deepEqual(await code(`GET /x?private_token=${EVE}`, gitlab.bearerField), ['identity-change-refused', 0])
  assert.deepEqual(await code('GET /x', `PRIVATE-TOKEN: ${ADA}`, 'Sudo: root'), ['identity-change-refused', 0])
  assert.deepEqual(await code('GET /x?sudo=root', `PRIVATE-TOKEN: ${ADA}`), ['identity-change-refused', 0])
})

test('a form may carry another token, so it is refused beside one; JSON and packs pass', async () => {
  const post = (type: string) => code('POST /x', `PRIVATE-TOKEN: ${ADA}`, `Content-Type: ${type}`, 'Content-Length: 0')
  const form = async (type: string) => {
    const answer = await gitlab.ask(
      'POST /x',
      [`PRIVATE-TOKEN: ${ADA}`, `Content-Type: ${type}`, 'Content-Length: 3'],
      'a=b',
    )
    return answer.one('X-Torhaus-Error') ?? answer.status
  }
  assert.equal(await form('application/x-www-form-urlencoded'), 'form-unjudged')
  assert.equal(await form('multipart/form-data; boundary=x'), 'form-unjudged')
  assert.equal(await form('application/json'), 200)
  assert.equal(await form('application/x-git-receive-pack-request'), 200)
  assert.deepEqual(await post('application/x-www-form-urlencoded'), [200, 1])
})

test('content without a type is a form to Rack, in a POST, and to nobody else', async () => {
  const untyped = async (proxy: Pick<ProxyUnderTest, 'ask'>, line: string, token: string) => {
    const answer = await proxy.ask(line, [`Authorization: Bearer ${token}`, 'Content-Length: 3'], 'a=b')
    return answer.one('X-Torhaus-Error') ?? answer.status
  }
  assert.equal(await untyped(gitlab, 'POST /x', ADA), 'form-unjudged')
  assert.equal(await untyped(gitlab, 'PUT /x', ADA), 200)
  await using opened = new AsyncDisposableStack()
  const gitea = await startProxy({
    configure: configured({}, {}, { credentials: { personalAccessTokens: ['gitea'] } }),
  })
  opened.defer(() => gitea.close())
  const token = 'a1b2c3d4e5'.repeat(4)
  for (const method of ['PUT', 'POST']) assert.equal(await untyped(gitea, `${method} /api/packages/x`, token), 200)
})

test('a token in the query is in no log and no trace, and reaches the server as it was written', async () => {
  const answer = await gitlab.ask(`GET /x?private_token=${ADA}&a=b`)
  assert.equal(answer.status, 200)
  await gitlab.record(answer)
  assert.equal(gitlab.origin.requests.at(-1)?.target, `/x?private_token=${ADA}&a=b`)
  assert.equal(JSON.stringify(gitlab.fixture.log).includes(ADA), false)
})

test('a token that its owner has blocked is blocked in every carrier', async () => {
  const { url, users } = gitlab.fixture
  assert.deepEqual(await code('GET /x', `PRIVATE-TOKEN: ${ADA}`), [200, 1])
  const person = new Person()
  await signIn(person, `${url}/.torhaus/`, users.ada)
  const path = /action="(\/.torhaus\/pats\/block\/[\w-]{28})"/.exec((await person.get(`${url}/.torhaus/`)).text)?.[1]
  assert.ok(path, "the server has said whose it is: it is on its owner's page")
  await person.press(`${url}/.torhaus/`, path)
  for (const name of ['PRIVATE-TOKEN', 'JOB-TOKEN', 'Deploy-Token', 'X-NuGet-ApiKey', 'private.token'])
    assert.deepEqual(await code('GET /x', `${name}: ${ADA}`), ['pat-blocked', 0], name)
  for (const name of ['private_token', 'access_token', 'job_token', 'PRIVATE_TOKEN', 'private%5Ftoken[]'])
    assert.deepEqual(await code(`GET /x?a=b&${name}=${ADA}`), ['pat-blocked', 0], name)
  for (const field of [basic('ada', ADA), `Authorization: bearer ${ADA}`])
    assert.deepEqual(await code('GET /x', field), ['pat-blocked', 0], field)
  assert.deepEqual(await code('GET /x', basic('x', EVE), `PRIVATE-TOKEN: ${ADA}`), ['credentials-conflict', 0])
})

test('a JWT of the registry of Gitea, which names no issuer, passes to the registry where Gitea is listed, and alone', async () => {
  const proxy = await startProofLab('gitea')
  try {
    const jwt = ['{"alg":"HS256"}', '{"UserID":7}'].map(part => Buffer.from(part).toString('base64url')).join('.')
    const answer = await proxy.ask('GET /v2/', [`Authorization: Bearer ${jwt}.c2ln`, 'Cookie: i_like_gitea=stolen'])
    assert.equal(answer.status, 200)
    assert.deepEqual(proxy.origin.requests.at(-1)?.all('Cookie'), [])
    const elsewhere = await proxy.ask('GET /public', [`Authorization: Bearer ${jwt}.c2ln`])
    assert.equal(elsewhere.one('X-Torhaus-Error'), 'token-unknown', 'anybody can write one')
  } finally {
    await proxy.close()
  }
})

test('the key for NuGet is any text to Azure DevOps, and goes along', async () => {
  assert.equal((await azure.ask('PUT /x', [basic('', samplePat), 'X-NuGet-ApiKey: az'])).status, 200)
  assert.deepEqual(azure.origin.requests.at(-1)?.all('X-NuGet-ApiKey'), ['az'])
})
