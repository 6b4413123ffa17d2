import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

/** Ways to write a path of Torhaus itself that a lenient server might read as such, with the status each gets. */
const spellings: Record<string, number> = {
  '/.torhaus': 404,
  '/.torhaus/unknown': 404,
  '/.torhaus/../x': 404,
  '/.torhaus/%2e%2e/x': 404,
  '/.torhaus//sign-in': 404,
  '/.TORHAUS/sign-in': 400,
  '/%2etorhaus/sign-in': 400,
  '/%2Etorhaus%2Fsign-in': 400,
  '/x/../.torhaus/sign-in': 400,
  '/x/%2e%2e/.torhaus/sign-in': 400,
  '//.torhaus/sign-in': 400,
  '/./.torhaus/sign-in': 400,
  '/\\.torhaus/sign-in': 400,
  '/%5c.torhaus/sign-in': 400,
  '/.torhaus;x/sign-in': 400,
  '/%252etorhaus/sign-in': 400,
}

for (const [target, status] of Object.entries(spellings)) {
  test(`POST ${target} gets ${status}, and nothing of ours reaches the origin`, async () => {
    const response = await proxy.pass(`POST ${target}`, ['Content-Length: 0'])
    assert.equal(response.status, status)
    assert.equal(proxy.origin.requests.length, 0)
  })
}

for (const scheme of ['http', 'HTTP', 'https', 'hTTps']) {
  test(`a path of ours in absolute-form with the scheme ${scheme} stays here`, async () => {
    const target = `${scheme}://127.0.0.1:${proxy.fixture.port}/.torhaus/unknown`
    const response = await proxy.pass(`GET ${target}`)
    assert.ok([400, 404].includes(response.status), response.statusLine)
    assert.equal(proxy.origin.requests.length, 0)
  })
}

test("a path that only begins like ours is the server's", async () => {
  for (const target of ['/.torhausen', '/.torhaus.txt', '/x/.torhaus/y', '/.torhaus-x/']) {
    assert.equal((await proxy.pass(`GET ${target}`)).status, 200)
    assert.equal(proxy.origin.requests.at(-1)?.target, target)
  }
})
