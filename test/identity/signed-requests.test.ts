/** A request that is signed, or shows a ticket, beside credentials of a person: the server would choose whose it is. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { signIn } from '../../devkit/op/user-agent.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { Person } from '../grants/person.ts'

/** Gitea, Chef and its runners; GitLab; Azure DevOps; Bitbucket; RFC 9421. */
const SIGNED = [
  ...['Signature', 'Signature-Input', 'X-SSH-Certificate', 'X-Ops-Userid', 'X-Gitea-Internal-Auth', 'X-Runner-Token'],
  ...['X-Gitlab-Static-Object-Token', 'Gitlab-Agentk-Api-Request', 'Gitlab-Shell-Api-Request', 'Gitlab-Shared-Secret'],
  ...['Runner-Token', 'X-VSS-DownloadTicket', 'X-Seraph-Trusted-App-Cert'],
]
const SPELLED = SIGNED.flatMap(name => [name, name.replaceAll('-', '_').toLowerCase(), name.replaceAll('-', '.')])
const fields = SPELLED.map(name => `${name}: keyId="carol"`)

const inbox = { name: 'inbox', reason: 'signed by others', when: { path: '/inbox' }, require: 'nothing' }

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy({
    configure: config => ({ ...configured()(config), secondFactor: { ...config.secondFactor, rules: [inbox] } }),
  })
})
after(() => proxy.close())

/** Those of the fields that have reached the server. */
const arrived = () => SPELLED.filter(name => (proxy.origin.requests.at(-1)?.all(name).length ?? 0) > 0)

test('beside an access token of the OP nothing that says in another way who asks reaches the server', async () => {
  const answer = await proxy.ask('GET /api/v1/user', [proxy.bearerField, ...fields, 'X-Other: stays'])
  assert.deepEqual([answer.status, arrived()], [200, []])
  assert.deepEqual(proxy.origin.requests.at(-1)?.all('X-Other'), ['stays'])
})

test('nor beside a session, nor beside a token of the server', async () => {
  const { url, users } = proxy.fixture
  const person = new Person()
  await signIn(person, `${url}/.torhaus/`, users.ada)
  const cookie = `Cookie: torhaus=${person.cookies.get('torhaus')?.value}; theme=dark`
  for (const credential of [cookie, patField]) {
    const answer = await proxy.ask('GET /api/v1/user', [credential, ...fields])
    assert.deepEqual([answer.status, arrived()], [200, []], credential.slice(0, 20))
  }
})

test('as the scheme of Authorization a signature is refused', async () => {
  const answer = await proxy.ask('GET /api/v1/user', ['Authorization: Signature keyId="carol",signature="eA=="'])
  assert.deepEqual([answer.status, answer.one('X-Torhaus-Error')], [401, 'scheme-unsupported'])
})

test('where a rule asks for nothing it reaches the server, if nobody else is named', async () => {
  assert.equal((await proxy.ask('POST /inbox', fields)).status, 200)
  assert.deepEqual(arrived(), SPELLED)
  assert.equal((await proxy.ask('POST /inbox', [proxy.bearerField, ...fields])).status, 200)
  assert.deepEqual(arrived(), [])
})
