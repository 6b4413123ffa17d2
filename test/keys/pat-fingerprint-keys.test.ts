/**
 * Blocked personal access tokens stay blocked when session keys are rotated, for their fingerprints come from these
 * keys.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { type GrantsLab, startGrantsLab } from '../grants/grants-lab.ts'
import { FIRST_SESSION_KEY, restartWithSessionKeys, writeSessionKey } from './rotation.ts'

const [SECOND, THIRD] = ['session-key-2', 'session-key-3']
const UNRECOGNISED = 'torhaus_unrecognised_blocked_pats'
let lab: GrantsLab

before(async () => {
  lab = await startGrantsLab({}, { credentials: { patAccountField: 'X-VSS-UserData' } })
  for (const name of [SECOND, THIRD]) await writeSessionKey(lab.fixture, name)
})
after(() => lab?.close())

const use = async () => (await lab.ask('GET /', [patField])).status

test('a blocked token that is tried while both keys are there stays blocked without the old one', async () => {
  const { fixture } = lab
  lab.origin.answerWith((_, response) => response.writeHead(200, { 'X-VSS-UserData': 'ada' }).end())
  assert.equal(await use(), 200)
  const person = await lab.person()
  const page = await person.send(`${fixture.url}/.torhaus/`)
  const [path = ''] = /\/\.torhaus\/pats\/block\/[\w-]+/.exec(page.text) ?? []
  await lab.press(person, path)
  assert.equal(await use(), 403)
  await restartWithSessionKeys(fixture, SECOND, FIRST_SESSION_KEY)
  assert.equal(await use(), 403)
  await restartWithSessionKeys(fixture, SECOND)
  assert.equal(await use(), 403)
  assert.equal(await lab.metric(UNRECOGNISED), 0)
})

test('one that nobody tried meanwhile is not recognised without the old key: that is counted, and mended by listing it again', async () => {
  const { fixture } = lab
  await restartWithSessionKeys(fixture, THIRD)
  assert.equal(await lab.metric(UNRECOGNISED), 1)
  await restartWithSessionKeys(fixture, THIRD, SECOND)
  assert.equal(await lab.metric(UNRECOGNISED), 0)
  assert.equal(await use(), 403)
})
