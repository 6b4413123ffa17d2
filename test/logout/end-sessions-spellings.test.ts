/**
 * The operator's command finds a person in every spelling, and nobody else. No directory: the configuration says whose
 * domain it is.
 */
import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { SessionDatabase } from '../../devkit/torhaus/session-database.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { type GrantsLab, linkIn, startGrantsLab } from '../grants/grants-lab.ts'
import { sampleSession } from '../session/store-contract.ts'
import { endSessions } from './end-sessions-program.ts'

let lab: GrantsLab
before(async () => {
  const account = { template: '{preferred_username}', domains: ['CORP', 'corp.example'] }
  lab = await startGrantsLab({}, { account, credentials: { patAccountField: 'X-VSS-UserData' } })
})
after(() => lab?.close())

const end = (account: string) => endSessions('--config', lab.fixture.configFile, '--account', account)

test('the six sessions of ada end one by one, each by another of her names', async () => {
  const names = ['ADA', 'CORP\\ada', 'ada@corp.example', 'corp.example\\Ada', 'Ada@CORP', 'ada']
  for (const name of names) {
    const person = await lab.person()
    const { code, out, audit } = await end(name)
    assert.deepEqual([code, audit.map(record => record['torhaus.sessions'])], [0, [1]], `${name}: ${out}`)
    lab.turnClock(1)
    assert.equal((await person.send(`${lab.fixture.url}/.torhaus/`)).status, 303, name)
  }
  const six = await Promise.all(names.map(() => lab.person()))
  const { out, code } = await end('CORP\\ADA')
  assert.equal(code, 0)
  assert.match(out, /^sessions ended: 6$/m)
  lab.turnClock(1)
  for (const person of six) assert.equal((await person.send(`${lab.fixture.url}/.torhaus/`)).status, 303)
})

test('a confirmation and tokens the server calls by another name are found, too', async () => {
  const person = await lab.person()
  const { asProgram } = lab
  assert.equal((await lab.confirm(person, linkIn((await asProgram()).text))).status, 200)
  lab.origin.answerWith((_, response) => response.writeHead(200, { 'X-VSS-UserData': '7:CORP\\Ada' }).end())
  assert.equal((await asProgram()).status, 200)
  await lab.ask('GET /', [patField])
  assert.match((await person.send(`${lab.fixture.url}/.torhaus/`)).text, /\/\.torhaus\/pats\/block\//)
  const { out } = await end('ada@CORP')
  assert.match(out, /^sessions ended: 1\nconfirmations of ada ended: 1\npersonal access tokens of ada, .*: 1$/m)
  lab.turnClock(1)
  assert.equal((await asProgram()).status, 403)
})

test('nobody of that name: that is said, with what was looked for, by the exit code and in the audit log', async () => {
  const person = await lab.person()
  for (const name of ['OTHER\\ada', 'ada@other.example', '\u0430da', 'CORP\\OTHER\\ada']) {
    const { code, out, audit, missed } = await end(name)
    assert.deepEqual([code, audit], [3, []], name)
    assert.match(out, /^sessions ended: 0$/m)
    assert.match(out, /^nothing has ended; looked for .*da/m)
    assert.deepEqual(
      missed.map(record => [record['user.name'], record['event.outcome']]),
      [[name, 'failure']],
    )
  }
  assert.equal((await person.send(`${lab.fixture.url}/.torhaus/`)).status, 200)
  await end('ada')
})

test('sessions that versions before kept under the spelling of the OP are found', async () => {
  const store = SessionDatabase.open(join(dirname(lab.fixture.configFile), 'sessions.sqlite'))
  try {
    const nowMs = Date.now()
    const times = { createdAtMs: nowMs, lastSeenAtMs: nowMs, refreshedAtMs: nowMs }
    for (const [index, account] of ['Ada', 'ADA', 'CORP\\Ada', 'ada@corp.example'].entries())
      store.createSession(
        sampleSession({ key: `old-${index}`, account, accountKey: storedAccountKey(account), ...times }),
      )
    const stranger = { key: 'stranger', account: 'OTHER\\ada', accountKey: storedAccountKey('OTHER\\ada') }
    store.createSession(sampleSession({ ...stranger, ...times }))
    const { out, audit } = await end('corp\\aDA')
    assert.match(out, /^sessions ended: 4$/m)
    assert.equal(audit.length, 4)
    assert.ok(store.readSession('stranger'))
  } finally {
    store.close()
  }
})

test('where no domain is known, the command ends who is called so without one', async () => {
  await lab.fixture.restart(config => ({ ...config, account: { template: '{preferred_username}' } }))
  for (const name of ['CORP\\ada', 'ADA@corp.example']) {
    await lab.person()
    assert.match((await end(name)).out, /^sessions ended: 1$/m, name)
  }
})
