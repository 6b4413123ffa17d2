/** Anybody can write a JWT that names the server as its issuer: it opens nothing before the server has said whose it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverTokenIssuer } from '../../devkit/origin/identity.ts'
import { basic } from '../../devkit/torhaus/proxy-under-test.ts'
import { proofLabs } from './proof-lab.ts'

const labOf = proofLabs()

const READ = '/DefaultCollection/_apis/connectionData'
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
/** Signed by nobody whom Torhaus could ask. */
const jwt = (subject: string) =>
  `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ iss: serverTokenIssuer, sub: subject })}.${'c2ln'.repeat(20)}`
const bearer = (token: string) => `Authorization: Bearer ${token}`
const codeOf = (answer: { status: number; one(name: string): string | undefined }) =>
  answer.one('X-Torhaus-Error') ?? answer.status

test('a JWT that somebody has written causes one read of ours, and reaches nothing', async () => {
  const lab = await labOf('azure-devops')
  for (const field of [bearer(jwt('x')), basic('OAuth', jwt('x'))]) {
    const answer = await lab.ask('GET /public', [field])
    assert.deepEqual([answer.status, codeOf(answer)], [401, 'pat-unreadable'])
  }
  assert.deepEqual(lab.seen(), { reads: [READ], forwarded: [] })
})

test('one that the server knows is shown to it once, as Bearer, passes byte for byte, and is its owner', async () => {
  const lab = await labOf('azure-devops')
  const token = jwt('job')
  lab.server.owners.set(token, 'Build\\7f3a')
  for (const field of [bearer(token), basic('OAuth', token)]) {
    const answer = await lab.ask('GET /x', [field])
    assert.equal(answer.status, 200)
    assert.equal((await lab.record(answer))['user.name'], 'Build\\7f3a')
  }
  assert.deepEqual(lab.seen(), { reads: [READ], forwarded: ['/x', '/x'] })
  const fields = lab.origin.requests.map(request => `Authorization: ${request.all('Authorization')[0]}`)
  assert.deepEqual(fields, [bearer(token), bearer(token), basic('OAuth', token)])
})

test('a 401 of the server to it ends its proof, so that agents fetch another one', async () => {
  const lab = await labOf('azure-devops')
  lab.server.owners.set(jwt('job'), 'agent')
  assert.equal((await lab.ask('GET /x', [bearer(jwt('job'))])).status, 200)
  lab.server.owners.delete(jwt('job'))
  lab.server.answers = ({ url }, response) => {
    if (url !== '/expired') return false
    response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end()
    return true
  }
  assert.match((await lab.ask('GET /expired', [bearer(jwt('job'))])).one('WWW-Authenticate') ?? '', /^Bearer/)
  const answer = await lab.ask('GET /x', [bearer(jwt('job'))])
  assert.equal(codeOf(answer), 'pat-unreadable')
  assert.ok(answer.all('WWW-Authenticate').some(challenge => challenge.startsWith('Bearer')))
  assert.deepEqual(lab.seen().forwarded, ['/x', '/expired'])
})

test('a flood of written ones is limited per network, like made-up personal tokens', async () => {
  const lab = await labOf('azure-devops', { maxReadsPerNetwork: 5 })
  for (let n = 0; n < 12; n++) await lab.ask('GET /public', [bearer(jwt(`made-up-${n}`))])
  assert.equal(codeOf(await lab.ask('GET /public', [bearer(jwt('one-more'))])), 'pat-proof-limited')
  const { reads, forwarded } = lab.seen()
  assert.deepEqual([reads.length, forwarded], [5, []])
})

test('on Gitea they are proven, too; one of its registry, which names no issuer, passes to the registry alone', async () => {
  const lab = await labOf('gitea')
  lab.server.owners.set(jwt('ada'), 'ada')
  assert.equal((await lab.ask('GET /x', [bearer(jwt('ada'))])).status, 200)
  assert.equal(codeOf(await lab.ask('GET /x', [bearer(jwt('eve'))])), 'pat-unknown')
  const ofRegistry = `${encode({ alg: 'HS256' })}.${encode({ UserID: 7 })}.c2ln`
  assert.equal((await lab.ask('GET /v2/', [bearer(ofRegistry)])).status, 200)
  assert.equal(codeOf(await lab.ask('GET /x', [bearer(ofRegistry)])), 'token-unknown')
  assert.deepEqual(lab.seen(), { reads: ['/api/v1/user', '/api/v1/user'], forwarded: ['/x', '/v2/'] })
})

test('gitea: one of the registry does not pass where the path may lead out of the registry', async () => {
  const lab = await labOf('gitea')
  const token = `${encode({ alg: 'HS256' })}.${encode({ UserID: 7 })}.c2ln`
  for (const path of [
    ...['/v2/../x', '/v2/%2e%2e/x', '/v2/..%2fx', '/v2/..;/x', '/v2/..%5Cx', '/v2/%252e%252e/x'],
    ...['/v2/acme/../../x', '/v2/%2e%2e'],
  ])
    for (const field of [bearer(token), basic('', token)])
      assert.equal(codeOf(await lab.ask(`GET ${path}`, [field])), 'token-unknown', path)
  assert.deepEqual(lab.seen(), { reads: [], forwarded: [] })
  // As some clients spell a digest.
  assert.equal((await lab.ask('GET /v2/acme/tools/blobs/sha256%3Aab', [bearer(token)])).status, 200)
})

test('gitlab: a JWT without issuer passes with Basic, to objects of Git LFS alone', async () => {
  const lab = await labOf('gitlab')
  const token = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ data: { actor: 'ada' } })}.${'c2ln'.repeat(10)}`
  const objects = `/acme/tools.git/gitlab-lfs/objects/${'a'.repeat(64)}`
  assert.equal((await lab.ask(`GET ${objects}`, [basic('ada', token)])).status, 200)
  assert.equal((await lab.ask(`PUT ${objects}/5`, [basic('ada', token)], 'hello')).status, 200)
  const refused = [
    ...['/x', '/v2/', '/acme/tools.git/info/lfs/objects/batch', `${objects}/../x`, `${objects}/5/authorize`],
    ...[`/x?${objects}`, `/x%3f${objects}`, `/x;${objects}`, `${objects}%2f..%2f..%2f..%2f..`],
  ]
  for (const path of refused)
    assert.equal(codeOf(await lab.ask(`GET ${path}`, [basic('ada', token)])), 'token-unknown', path)
  // To a Bearer GitLab would answer as to nobody.
  for (const field of [bearer(token), `Private-Token: ${token}`])
    assert.equal(codeOf(await lab.ask(`GET ${objects}`, [field])), 'token-unknown')
  assert.deepEqual(lab.seen(), { reads: [], forwarded: [objects, `${objects}/5`] })
})

for (const [what, product, settings] of [
  ['with `serverTokens: forward`', 'azure-devops', { serverTokens: 'forward' }],
  ['where the product has no read for them', 'gitlab', {}],
] as const) {
  test(`${what} they pass unproven, and nothing is read`, async () => {
    const lab = await labOf(product, settings)
    assert.equal((await lab.ask('GET /x', [bearer(jwt('anyone'))])).status, 200)
    assert.deepEqual(lab.seen(), { reads: [], forwarded: ['/x'] })
  })
}

test('gitea: JWTs without issuer, of artifacts, caches and Git LFS over SSH, open nothing outside the registry', async () => {
  const lab = await labOf('gitea')
  const token = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ RepoID: 7, Op: 'upload' })}.${'c2ln'.repeat(10)}`
  for (const line of [
    'POST /acme/tools.git/info/lfs/objects/batch',
    'POST /twirp/github.actions.results.api.v1.ArtifactService/CreateArtifact',
    'GET /api/actions_pipeline/_apis/pipelines/workflows/7/artifacts',
    'GET /v2',
    'GET /x/v2/',
  ]) {
    const answer = await lab.ask(line, [bearer(token), 'Content-Type: application/json'])
    assert.deepEqual([answer.status, codeOf(answer)], [401, 'token-unknown'], line)
  }
  assert.deepEqual(lab.seen(), { reads: [], forwarded: [] })
  assert.equal((await lab.ask('GET /v2/acme/tools/manifests/1', [bearer(token)])).status, 200)
})
