/**
 * What `npm run attack` tries against rules: no spelling of a request takes it past a rule, by request or by handshake.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { canonicalAttacks } from '../../devkit/attack/lists/canonical.ts'
import { ruleAttacks } from '../../devkit/attack/lists/rules.ts'
import { SETTINGS } from '../../devkit/attack/settings.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy({ configure: SETTINGS.rules.configure as never })
})
after(() => proxy.close())

const attacks = [...canonicalAttacks, ...ruleAttacks].filter(({ setting }) => setting === 'rules')

for (const attack of attacks) {
  test(`${attack.name} reaches nobody`, async () => {
    const { origin, fixture, host } = proxy
    const seen = origin.requests.length
    let status: number | undefined
    const send = async (bytes: string) => {
      const connection = await proxy.connect()
      status = (await connection.send(bytes).head()).status
      connection.close()
      return status
    }
    const { op, port, url: publicUrl } = fixture
    const { ada } = fixture.users
    await attack.run({ op, ada, port, publicUrl, host: host.slice('Host: '.length), origin, send })
    assert.ok(status !== undefined && status >= 300 && status < 500, String(status))
    assert.deepEqual(origin.requests.slice(seen), [])
  })
}

const harmless = [
  ...['GET /tfs/_administration/users', 'GET /tfs/x/_admin/users', 'GET /api/v1/admin', 'GET /tfs/My%20Project/'],
  ...[
    'GET /tfs/%E4%BD%A0/x',
    'GET /tfs/caf%e9',
    'GET /api/v4/projects/a%2Fb/issues',
    'GET /x?a=%73&b=1',
    'GET /badge/x',
  ],
  ...['POST /r.git/git-upload-pack', 'GET /r.git/info/refs?service=git-upload-pack', 'GET /r.git/info/lfs/objects/abc'],
  ...['POST /x?q=sudo', 'GET /x?pseudo=1', 'POST /tfs/_apis/oauth2/token', 'GET /.well-known/x', 'GET /a/b.c/d..e'],
]

for (const line of harmless) {
  test(`${line} passes`, async () => {
    const seen = proxy.origin.requests.length
    assert.equal((await proxy.ask(line, [patField, 'Content-Length: 0'])).status, 200)
    assert.equal(proxy.origin.requests.length, seen + 1)
  })
}

test('a preflight of what is not refused passes without credentials', async () => {
  const fields = ['Origin: https://x.example', 'Access-Control-Request-Method: DELETE']
  assert.equal((await proxy.ask('OPTIONS /tfs/projects', fields)).status, 200)
})
