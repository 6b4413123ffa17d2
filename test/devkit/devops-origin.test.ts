import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { after, before, test } from 'node:test'
import { getPersonalAccessTokenHandler, WebApi } from 'azure-devops-node-api'
import { jsonMember } from '../../devkit/op/json-member.ts'
import { type OpenOrigin, openOrigin, samplePat } from '../../devkit/origin/origin-fixture.ts'
import { pseudoRandomContent } from '../../devkit/origin/transfer.ts'

let open: OpenOrigin
const headers = { Authorization: `Bearer ${samplePat}` }

before(async () => {
  open = await openOrigin({
    identity: { kind: 'header', field: 'X-Forwarded-User' },
    agentAssertions: new Map([['signed by the agent', 'build']]),
  })
})
after(() => open.close())

const at = (path: string) => `${open.origin.url}/DefaultCollection${path}`

function sha256(chunks: Iterable<Buffer>): string {
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

test("the server's own Node client connects and reads projects and repositories", async () => {
  const api = new WebApi(at(''), getPersonalAccessTokenHandler(samplePat))
  const connection = await api.connect()
  assert.equal(connection.authenticatedUser?.providerDisplayName, 'ada')
  const projects = await (await api.getCoreApi()).getProjects()
  assert.deepEqual(
    Array.from(projects, project => project.name),
    ['demo'],
  )
  const repositories = await (await api.getGitApi()).getRepositories('demo')
  assert.equal(repositories[0]?.remoteUrl, at('/_git/demo'))
})

test('the page says who one is, with the account escaped, and offers sign-out', async () => {
  const response = await fetch(at('/'), { headers: { 'X-Forwarded-User': '<ada>' } })
  const page = await response.text()
  assert.match(page, /<h1>Hello, &lt;ada&gt;<\/h1>/)
  assert.match(page, /href="\/\.torhaus\/sign-out"/)
  assert.match(await (await fetch(at('/_boards'), { headers })).text(), /<h1>Boards<\/h1>/)
})

test('uploaded content is counted and hashed', async () => {
  const body = Buffer.alloc(300_000, 'x')
  const response = await fetch(at('/_apis/upload'), { method: 'POST', headers, body })
  assert.deepEqual(await response.json(), { bytes: body.length, sha256: sha256([body]) })
})

test('a download has the length asked for and the same bytes each time', async () => {
  const response = await fetch(at('/_apis/download?bytes=200001'), { headers })
  const content = Buffer.from(await response.arrayBuffer())
  assert.equal(content.length, 200_001)
  assert.equal(sha256([content]), sha256(pseudoRandomContent(200_001)))
  assert.equal((await fetch(at('/_apis/download?bytes=-1'), { headers })).status, 400)
})

test('a build agent exchanges its assertion anonymously for a token that works', async () => {
  const exchange = (assertion: string) =>
    fetch(at('/_apis/oauth2/token'), { method: 'POST', body: new URLSearchParams({ client_assertion: assertion }) })
  const refused = await exchange('forged')
  assert.deepEqual([refused.status, await refused.json()], [400, { error: 'invalid_client' }])
  const token = jsonMember(await (await exchange('signed by the agent')).json(), 'access_token')
  const whoami = await fetch(at('/_apis/whoami'), { headers: { Authorization: `Bearer ${token}` } })
  assert.equal(jsonMember(await whoami.json(), 'account'), 'build')
})

test('requests are counted by kind, and refusals too', async () => {
  const before = { ...open.origin.requests }
  const refusals = open.origin.unauthorized
  await fetch(at('/_apis/whoami'))
  await fetch(at('/_git/demo/info/refs?service=git-upload-pack'), { headers }).then(response => response.text())
  assert.equal(open.origin.requests.whoami, before.whoami + 1)
  assert.equal(open.origin.requests.git, before.git + 1)
  assert.equal(open.origin.unauthorized, refusals + 1)
})

test('closing the fixture removes its temporary folder', async () => {
  const other = await openOrigin()
  const name = other.directory.slice(tmpdir().length + 1)
  assert.ok((await readdir(tmpdir())).includes(name))
  await other.close()
  assert.ok(!(await readdir(tmpdir())).includes(name))
})
