/** Tokens of GitLab's CI/CD jobs: whose the job is says GitLab, in every carrier that jobs and runners use. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { basic } from '../../devkit/torhaus/proxy-under-test.ts'
import { isOfJob } from '../../src/pats/profiles/job-token.ts'
import { tokenShapeTest } from '../../src/pats/token-shapes.ts'
import { proofLabs } from './proof-lab.ts'

const labOf = proofLabs()

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const READ = '/api/v4/job'
let count = 0
const digits = () => (count++).toString().padStart(20, '0')
/** As earlier and newer versions make them. */
const NEW_TOKENS = {
  'of the database': () => `glcbt-64_${digits()}`,
  'a JWT': () => {
    const claims = { iss: 'gitlab.example.com', aud: 'gitlab-authz-token', sub: `gid://gitlab/Ci::Build/${digits()}` }
    return `glcbt-${encode({ typ: 'JWT', alg: 'RS256', kid: 'k' })}.${encode(claims)}.${'c2ln'.repeat(85)}`
  },
}
const CARRIERS: Readonly<Record<string, (token: string) => [line: string, ...fields: string[]]>> = {
  'a clone': token => ['GET /g/p.git/info/refs?service=git-upload-pack', basic('gitlab-ci-token', token)],
  'an upload of artifacts': token => [
    'POST /api/v4/jobs/8/artifacts',
    `JOB-TOKEN: ${token}`,
    'Content-Type: text/plain',
  ],
  'a call of the API': token => ['GET /api/v4/projects/1/packages', `Authorization: Bearer ${token}`],
  'a download by link': token => [`GET /api/v4/projects/1/jobs/8/artifacts?job_token=${token}`],
}

for (const [kind, newToken] of Object.entries(NEW_TOKENS)) {
  test(`a job token, ${kind}, is shown to GitLab once, passes in every carrier, and is its owner`, async () => {
    const lab = await labOf('gitlab')
    const token = newToken()
    lab.server.owners.set(token, 'ada')
    for (const [carrier, ask] of Object.entries(CARRIERS)) {
      const [line, ...fields] = ask(token)
      const answer = await lab.ask(line, fields)
      assert.equal(answer.status, 200, carrier)
      assert.equal((await lab.record(answer))['user.name'], 'ada', carrier)
    }
    const { reads, forwarded } = lab.seen()
    assert.deepEqual([reads, forwarded.length], [[READ], Object.keys(CARRIERS).length])
    const [read] = lab.origin.requests
    assert.deepEqual(
      [read?.all('JOB-TOKEN'), read?.all('Authorization'), read?.all('PRIVATE-TOKEN')],
      [[token], [], []],
    )
    assert.equal(JSON.stringify(lab.fixture.log).includes(token), false)
    // Tokens of people are noted, these are not.
    assert.equal(await lab.metric('torhaus_pats_total{event="first_seen"}'), 0)
  })

  test(`a job token, ${kind}, that somebody made up or whose job has ended opens nothing`, async () => {
    const lab = await labOf('gitlab')
    for (const [carrier, ask] of Object.entries(CARRIERS)) {
      const [line, ...fields] = ask(newToken())
      const answer = await lab.ask(line, fields)
      assert.deepEqual([answer.status, answer.one('X-Torhaus-Error')], [401, 'pat-unknown'], carrier)
    }
    assert.deepEqual(lab.seen().forwarded, [])
  })
}

/** What GitLab may answer to the read, and what follows. */
const ANSWERS: [status: number, content: object, code: string][] = [
  [200, { id: 8, status: 'running' }, 'pat-proof-unavailable'],
  [200, { id: 8, user: { username: ' ' } }, 'pat-unnamed'],
  [403, { message: '403 Forbidden' }, 'pat-unreadable'],
  [404, { message: '404 Job Not Found' }, 'pat-proof-unavailable'],
  [500, {}, 'pat-proof-unavailable'],
]

for (const [status, content, code] of ANSWERS)
  test(`${status} ${JSON.stringify(content)} to the read about a job token is ${code}`, async () => {
    const lab = await labOf('gitlab')
    lab.server.answers = ({ url }, response) => {
      if (url !== READ) return false
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(content))
      return true
    }
    const answer = await lab.ask('GET /x', [`JOB-TOKEN: ${NEW_TOKENS['a JWT']()}`])
    assert.equal(answer.one('X-Torhaus-Error'), code)
    assert.deepEqual(lab.seen(), { reads: [READ], forwarded: [] })
  })

test('a deploy token, which has no owner, is asked about nowhere, and opens nothing', async () => {
  const lab = await labOf('gitlab')
  const answer = await lab.ask('GET /x', [`Deploy-Token: gldt-${digits()}`])
  assert.equal(answer.one('X-Torhaus-Error'), 'pat-unreadable')
  assert.deepEqual(lab.seen(), { reads: [], forwarded: [] })
})

test('what is no job token of GitLab is none', () => {
  const isToken = tokenShapeTest(['gitlab'])
  const [header = '', claims = '', signature = ''] = NEW_TOKENS['a JWT']().split('.')
  const others = [
    ...[header, `${header}.${claims}`, `${header}.${claims}.`, `${header}.${claims}.${signature}.x`],
    ...[`${header}.${claims}.${signature}=`, `x${header}.${claims}.${signature}`, `glcbt-.${claims}.${signature}`],
    `${header}.${'x'.repeat(4001)}.${signature}`,
  ]
  for (const token of others) assert.equal(isToken(token), false, token.slice(0, 60))
  assert.deepEqual([isOfJob(header), isOfJob('glpat-x')], [true, false])
})
