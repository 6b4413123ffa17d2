/** The operator's command, as a program beside a Torhaus that runs. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { type GrantsLab, linkIn, startGrantsLab } from '../grants/grants-lab.ts'
import { endSessions as run } from './end-sessions-program.ts'

/** Of a session that was read: by default 1000 ms. */
const CACHE_S = 1
let lab: GrantsLab

before(async () => {
  lab = await startGrantsLab({}, { credentials: { patAccountField: 'X-VSS-UserData' } })
})
after(() => lab?.close())

test('by account, every session and confirmation of a person ends, also for the Torhaus that runs', async () => {
  const { configFile } = lab.fixture
  const [one, two] = [await lab.person(), await lab.person()]
  assert.equal((await lab.confirm(one, linkIn((await lab.asProgram()).text))).status, 200)
  assert.equal((await lab.asProgram()).status, 200)
  lab.origin.answerWith((_, response) => response.writeHead(200, { 'X-VSS-UserData': 'ada' }).end())
  await lab.ask('GET /', [patField])
  await (await one.send(`${lab.fixture.url}/.torhaus/`)).text

  const { out, code, error, audit } = await run('--config', configFile, '--account', 'ada')
  assert.deepEqual([code, error], [0, ''])
  assert.deepEqual(out.trimEnd().split('\n'), [
    'account ada',
    'sessions ended: 2',
    'confirmations of ada ended: 1',
    'personal access tokens of ada, to be revoked at the server: 1',
  ])
  assert.deepEqual(
    audit.map(record => [record['user.name'], record['torhaus.sessions'], record['log.logger']]),
    [['ada', 2, 'torhaus.audit']],
  )
  lab.turnClock(CACHE_S)
  for (const person of [one, two])
    assert.equal((await person.send(`${lab.fixture.url}/.torhaus/`)).status, 303, 'to the sign-in')
  assert.equal((await lab.asProgram()).status, 403)
})

test('by subject, the accounts come from the sessions; of nobody, nothing ends, and that is said', async () => {
  const { configFile, op, url } = lab.fixture
  const person = await lab.person()
  const missed = await run('--config', configFile, '--subject', 'nobody')
  assert.deepEqual([missed.code, missed.audit, missed.missed.length], [3, [], 1])
  assert.match(missed.out, /^subject nobody\nsessions ended: 0\nnothing has ended; looked for nobody$/m)
  assert.equal((await person.send(`${url}/.torhaus/`)).status, 200)
  const { out, audit } = await run('--config', configFile, '--subject', op.subjectOf('ada'))
  assert.match(out, /^sessions ended: 1\nconfirmations of ada ended: 0$/m)
  assert.equal(audit.length, 1)
  lab.turnClock(CACHE_S)
  assert.equal((await person.send(`${url}/.torhaus/`)).status, 303)
})

test('wrong arguments end with 2, a configuration with problems with 78, and nothing is done', async () => {
  const { configFile } = lab.fixture
  for (const args of [
    [],
    ['--account', 'ada'],
    ['--config', configFile],
    ['--config', configFile, '--account', 'ada', '--subject', 's'],
    ['--config', configFile, '--person', 'ada'],
  ]) {
    const { code, error, out } = await run(...args)
    assert.deepEqual([code, out], [2, ''], args.join(' '))
    assert.match(error, /usage: torhaus sessions end/)
  }
  const { code, error } = await run('--config', '/no/such/file', '--account', 'ada')
  assert.equal(code, 78)
  assert.match(error, /no\/such\/file/)
})
