/** A token opens nothing before the server has said whose it is. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { secondFactorAcr } from '../../devkit/op/configuration.ts'
import { basic, samplePat } from '../../devkit/torhaus/proxy-under-test.ts'
import { proofLabs } from './proof-lab.ts'

const labOf = proofLabs()

const READ = '/DefaultCollection/_apis/connectionData'
const madeUp = (n: number) =>
  [...n.toString(4)]
    .map(digit => 'bcde'.charAt(Number(digit)))
    .join('')
    .padStart(52, 'a')
const pat = (n = 0) =>
  `${samplePat.slice(0, 50)}${String.fromCharCode(97 + Math.floor(n / 26))}${String.fromCharCode(97 + (n % 26))}`
const from = (address: string) => `X-Forwarded-For: ${address}`
const answered = (response: ServerResponse, status: number) => {
  response.writeHead(status).end()
  return true
}
const codeOf = (answer: { status: number; one(name: string): string | undefined }) =>
  answer.one('X-Torhaus-Error') ?? answer.status

test('a made-up token causes one read of ours, and reaches nothing', async () => {
  const lab = await labOf('azure-devops')
  for (let n = 0; n < 3; n++)
    assert.equal(codeOf(await lab.ask('GET /public', [basic('', madeUp(1))])), 'pat-unreadable')
  assert.deepEqual(lab.seen(), { reads: [READ], forwarded: [] })
})

test('a token that the server knows is shown once, passes byte for byte from then on, and is its owner', async () => {
  const lab = await labOf('azure-devops')
  lab.server.owners.set(samplePat, 'ada')
  const field = basic('VstsAgent', samplePat).replace('Basic', 'bAsIc')
  for (let n = 0; n < 4; n++) {
    const answer = await lab.ask(`GET /x${n}?y=%7e`, [field, from('192.0.2.9')])
    assert.equal(answer.status, 200)
    assert.equal((await lab.record(answer))['user.name'], 'ada')
  }
  const { reads, forwarded } = lab.seen()
  assert.deepEqual([reads, forwarded], [[READ], ['/x0?y=%7e', '/x1?y=%7e', '/x2?y=%7e', '/x3?y=%7e']])
  const [read, request] = lab.origin.requests
  assert.deepEqual(read?.all('X-Forwarded-For'), ['192.0.2.9'])
  assert.equal(`Authorization: ${request?.all('Authorization')[0]}`, field)
  assert.deepEqual(request?.all('X-Remote-Account'), [], 'no identity of ours beside it')
})

test('many requests with one unknown token at once are one read', async () => {
  const lab = await labOf('azure-devops')
  lab.server.owners.set(samplePat, 'ada')
  const answers = await Promise.all(Array.from({ length: 20 }, () => lab.ask('GET /x', [basic('', samplePat)])))
  assert.deepEqual(new Set(answers.map(codeOf)), new Set([200]))
  assert.equal(lab.seen().reads.length, 1)
})

test('a 401 of the server to a proven token ends its proof at once', async () => {
  const lab = await labOf('azure-devops')
  lab.server.owners.set(samplePat, 'ada')
  assert.equal((await lab.ask('GET /x', [basic('', samplePat)])).status, 200)
  lab.server.owners.delete(samplePat)
  lab.server.answers = ({ url }, response) => {
    if (url !== '/private') return false
    response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end()
    return true
  }
  assert.equal((await lab.ask('GET /private', [basic('', samplePat)])).status, 401)
  assert.equal(codeOf(await lab.ask('GET /x', [basic('', samplePat)])), 'pat-unreadable')
  assert.deepEqual(lab.seen(), { reads: [READ, READ], forwarded: ['/x', '/private'] })
})

test('a flood of made-up tokens is limited per network; an agent of that network goes on, and other networks are not concerned', async () => {
  const lab = await labOf('azure-devops', { maxReadsPerNetwork: 5 })
  lab.server.owners.set(samplePat, 'agent').set(pat(1), 'bob').set(pat(2), 'eve')
  assert.equal((await lab.ask('GET /jobs', [basic('', samplePat), from('192.0.2.1')])).status, 200)
  const codes: (string | number)[] = []
  for (let n = 0; n < 12; n++)
    codes.push(codeOf(await lab.ask('GET /public', [basic('', madeUp(2000 + n)), from('192.0.2.1')])))
  assert.deepEqual(
    codes.slice(5),
    Array.from({ length: 7 }, () => 'pat-proof-limited'),
  )
  const limited = await lab.ask('GET /public', [basic('', madeUp(3000)), from('192.0.2.1')])
  assert.equal(limited.status, 429)
  assert.ok(Number(limited.one('Retry-After')) > 0)
  assert.equal((await lab.ask('GET /jobs', [basic('', samplePat), from('192.0.2.1')])).status, 200)
  assert.equal((await lab.ask('GET /jobs', [basic('', pat(1)), from('198.51.100.1')])).status, 200)
  assert.equal(lab.seen().reads.length, 7)
  // Its proof is over, and it was good before: the flood does not count against it.
  lab.server.answers = ({ url }, response) => url === '/401' && answered(response, 401)
  assert.equal((await lab.ask('GET /401', [basic('', samplePat), from('192.0.2.1')])).status, 401)
  assert.equal((await lab.ask('GET /jobs', [basic('', samplePat), from('192.0.2.1')])).status, 200)
})

test('tokens that are good cost nobody anything of the budget', async () => {
  const lab = await labOf('azure-devops', { maxReadsPerNetwork: 3 })
  for (let n = 0; n < 10; n++) {
    lab.server.owners.set(pat(n), `user${n}`)
    assert.equal((await lab.ask('GET /x', [basic('', pat(n))])).status, 200)
  }
})

test('while the server is away an unknown token gets 503, and one that was proven goes on', async () => {
  const lab = await labOf('azure-devops', { timeoutMs: 3000 })
  lab.server.owners.set(samplePat, 'ada').set(pat(1), 'bob')
  assert.equal((await lab.ask('GET /x', [basic('', samplePat)])).status, 200)
  lab.server.answers = ({ url }, response) => url === READ && answered(response, 500)
  const away = await lab.ask('GET /x', [basic('', pat(1))])
  assert.deepEqual([away.status, codeOf(away)], [503, 'pat-proof-unavailable'])
  lab.server.answers = ({ url }) => url === READ
  assert.equal(codeOf(await lab.ask('GET /x', [basic('', pat(1))])), 'pat-proof-unavailable')
  assert.equal((await lab.ask('GET /x', [basic('', samplePat)])).status, 200)
  lab.server.answers = undefined
  assert.equal((await lab.ask('GET /x', [basic('', pat(1))])).status, 200, 'and it is asked again at once')
})

test('a proven token is a person with an account: rules by account, the audit log, the page of its owner', async () => {
  const rules = [{ name: 'not-ada', when: { path: '/closed', account: 'ada' }, require: 'refuse' }]
  const lab = await labOf('azure-devops', {}, {})
  await lab.fixture.restart(config => ({
    ...config,
    secondFactor: { ...Object(config).secondFactor, rules },
  }))
  lab.server.owners.set(samplePat, 'ada').set(pat(1), 'bob')
  assert.equal(codeOf(await lab.ask('GET /closed', [basic('', samplePat)])), 'rule-refuses')
  assert.equal(codeOf(await lab.ask('GET /closed', [basic('', pat(1))])), 200)
  const proven = await lab.fixture.logged(record => record['event.action'] === 'pat-proven')
  assert.equal(proven['user.name'], 'ada')
  const refused = await lab.fixture.logged(record => record['event.action'] === 'request-refused')
  assert.equal(refused['user.name'], 'ada')
})

test('report-only: what would be refused passes, and is said; off: nothing is read', async () => {
  const lab = await labOf('azure-devops', { reportOnly: true })
  assert.equal((await lab.ask('GET /x', [basic('', madeUp(1))])).status, 200)
  assert.equal(await lab.metric('torhaus_report_only_total{rule="pat-proof",code="pat-unreadable"}'), 1)
  assert.deepEqual(lab.seen(), { reads: [READ], forwarded: ['/x'] })
  const off = await labOf('azure-devops', { off: true })
  assert.equal((await off.ask('GET /x', [basic('', madeUp(1))])).status, 200)
  assert.deepEqual(off.seen(), { reads: [], forwarded: ['/x'] })
})

test('what the server cannot tell from a forged token passes only where the configuration says so, and is audited', async () => {
  const lab = await labOf('azure-devops', { unreadable: 'forward' })
  for (let n = 0; n < 2; n++) assert.equal((await lab.ask('GET /x', [basic('', madeUp(1))])).status, 200)
  assert.deepEqual(lab.seen(), { reads: [READ], forwarded: ['/x', '/x'] })
  const audited = await lab.fixture.logged(record => record['torhaus.rule'] === 'pat-proof')
  assert.equal(audited['torhaus.code'], 'pat-unreadable')
})

test('a rule that refuses a group refuses proven tokens, too, where nobody says in which groups their owners are', async () => {
  const refuse = { name: 'no-contractors', require: 'refuse', when: { path: '/secret', groups: ['contractors'] } }
  const lab = await labOf('azure-devops')
  lab.server.owners.set(samplePat, 'ada')
  await lab.fixture.restart((config: { oidc?: object }) => ({
    ...config,
    oidc: { ...config.oidc, idToken: { groups: ['groups'] } },
    secondFactor: { acceptAcr: [secondFactorAcr], rules: [refuse] },
  }))
  const ask = async (path: string) => codeOf(await lab.ask(`GET ${path}`, [basic('', samplePat)]))
  assert.deepEqual([await ask('/x'), await ask('/secret')], [200, 'rule-refuses'])
  assert.deepEqual(lab.seen().forwarded, ['/x'])
})

test('rules by group, and groups that are required, look up the owner of a proven token in the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'torhaus-test-'))
  const file = join(folder, 'groups.yaml')
  writeFileSync(file, 'staff: [ADA, bob]\ncontractors: [bob]\n')
  try {
    const refuse = { name: 'no-contractors', require: 'refuse', when: { path: '/secret', groups: ['contractors'] } }
    const lab = await labOf(
      'azure-devops',
      {},
      { groups: { file, require: ['staff'] }, secondFactor: { acceptAcr: [secondFactorAcr], rules: [refuse] } },
    )
    lab.server.owners.set(samplePat, 'ada').set(pat(1), 'bob').set(pat(2), 'eve')
    const ask = async (path: string, token: string) => codeOf(await lab.ask(`GET ${path}`, [basic('', token)]))
    assert.deepEqual(
      [await ask('/secret', samplePat), await ask('/secret', pat(1)), await ask('/x', pat(1)), await ask('/x', pat(2))],
      [200, 'rule-refuses', 200, 'group-required'],
    )
    assert.deepEqual(lab.seen().forwarded, ['/secret', '/x'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
