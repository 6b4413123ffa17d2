/** `torhaus sessions list`, as a program beside a Torhaus that runs. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startRedis } from '../../devkit/redis/redis-process.ts'
import { type GrantsLab, linkIn, startGrantsLab } from '../grants/grants-lab.ts'
import { endSessions, listSessions } from './end-sessions-program.ts'

let lab: GrantsLab
before(async () => {
  lab = await startGrantsLab({}, { account: { template: '{preferred_username}', domains: ['CORP'] } })
})
after(() => lab?.close())

const list = (...args: string[]) => listSessions('--config', lab.fixture.configFile, ...args)

test('it lists the sessions and confirmations of a person in every spelling, and changes nothing', async () => {
  const person = await lab.person()
  assert.equal((await lab.confirm(person, linkIn((await lab.asProgram()).text))).status, 200)
  for (const name of ['ada', 'CORP\\ADA', 'ada@corp']) {
    const { out, error, code } = await list('--account', name)
    assert.deepEqual([code, error], [0, ''])
    assert.match(
      out,
      /^sessions: 1\nconfirmations: 1\n {2}ada {2}session since 20.*Z, last seen 20.*Z, from 127\.0\.0\.1 by Chrome on Linux$/m,
      name,
    )
    assert.match(out, /^ {2}ada {2}confirmed git from 192\.0\.2\.7 since 20.*Z until 20.*Z: /m)
  }
  const { out } = await list('--json', '--account', 'ada')
  const { lookedFor, sessions, confirmations } = JSON.parse(out)
  assert.deepEqual(lookedFor, ['ada', 'CORP\\ada', 'ada@CORP'])
  assert.equal(sessions.length, 1)
  assert.ok(Date.parse(sessions[0].since) <= Date.parse(sessions[0].lastSeen))
  assert.partialDeepStrictEqual(confirmations, [{ account: 'ada', address: '192.0.2.7', userAgent: 'git/2.50.1' }])
  assert.partialDeepStrictEqual(sessions, [{ address: '127.0.0.1', browser: 'chrome', system: 'linux' }])
  assert.doesNotMatch(out, /"key"|"token|sealed/)
  assert.equal((await person.send(`${lab.fixture.url}/.torhaus/`)).status, 200)
})

test('without a name it lists everybody; of nobody it says what it looked for', async () => {
  const { out } = await list()
  assert.match(out, /^sessions: 1\nconfirmations: 1\n {2}ada /)
  const nobody = await list('--account', 'OTHER\\ada')
  assert.deepEqual([nobody.code, nobody.out], [0, 'sessions: 0\nconfirmations: 0\nlooked for OTHER\\ada\n'])
  await endSessions('--config', lab.fixture.configFile, '--account', 'ada')
  assert.equal((await list()).out, 'sessions: 0\nconfirmations: 0\n')
})

test('in Redis somebody is found by name, and everybody is not listed', async t => {
  const redis = await startRedis().catch(() => undefined)
  if (redis === undefined) return t.skip('there is no redis-server (Debian package of that name)')
  t.after(() => redis.close())
  await lab.fixture.restart(config => ({
    ...config,
    session: { ...(config as { session: object }).session, store: { kind: 'redis', redis: { urls: [redis.url] } } },
  }))
  await lab.person()
  assert.match((await list('--account', 'ADA')).out, /^sessions: 1\n/)
  const { code, error } = await list()
  assert.deepEqual([code, error], [1, 'sessions in Redis can be listed only for one person: add --account\n'])
})
