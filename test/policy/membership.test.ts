/** Whether somebody is in a group, where perhaps nobody has said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccountKey } from '../../src/account-key.ts'
import type { Credentials, Evidence, Principal } from '../../src/exchange.ts'
import { type GroupsInFile, membershipIn } from '../../src/policy/membership.ts'

const SID = 'S-1-5-21-1-2-3-1733'
const NO_FILE: GroupsInFile = () => undefined
const file: GroupsInFile = account => (account === 'carl' ? ['contractors'] : [])

const person = (firstFactor?: Evidence['firstFactor'], groups?: readonly string[]): Principal => ({
  ...{ kind: 'person', subject: 'ada', account: 'ada' },
  evidence: { acr: undefined, acrs: [], amr: [], authTime: 0, ...(firstFactor && { firstFactor }) },
  ...(groups && { groups }),
})
const owned = (account: string): Principal => ({
  kind: 'server-checked',
  owner: { account, accountKey: account as AccountKey },
})
const by = (scheme: 'pat' | 'server-token' | 'session') => ({ scheme }) as Credentials

const answers = (principal: Principal, inFile: GroupsInFile, credentials = by('session')) =>
  [['contractors'], [SID], ['contractors', SID]].map(wanted => membershipIn(wanted, inFile)({ principal, credentials }))

test('of whoever the OP was not asked about, nobody knows the groups that the OP names, unless a file does', () => {
  for (const principal of [person('basic'), person('certificate'), person('negotiate')]) {
    assert.deepEqual(answers(principal, NO_FILE), ['unknown', 'unknown', 'unknown'])
    assert.deepEqual(answers(principal, file), ['none', 'unknown', 'unknown'])
  }
  assert.deepEqual(answers(owned('ada'), NO_FILE, by('pat')), ['unknown', 'unknown', 'unknown'])
  assert.deepEqual(answers(owned('ada'), file, by('pat')), ['none', 'unknown', 'unknown'])
  assert.deepEqual(answers(owned('carl'), file, by('pat')), ['member', 'unknown', 'member'])
})

test('a ticket with its PAC says which SIDs there are, and nothing of names', () => {
  assert.deepEqual(answers(person('negotiate', []), NO_FILE), ['unknown', 'none', 'unknown'])
  assert.deepEqual(answers(person('negotiate', []), file), ['none', 'none', 'none'])
  assert.deepEqual(answers(person('negotiate', [SID]), NO_FILE), ['unknown', 'member', 'member'])
})

test('who has signed in at the OP is in the groups that it names, and tokens of the server are nobody’s', () => {
  assert.deepEqual(answers(person(undefined, ['staff']), NO_FILE), ['none', 'none', 'none'])
  assert.deepEqual(answers(person(undefined, ['contractors']), NO_FILE), ['member', 'none', 'member'])
  assert.deepEqual(answers(person(), NO_FILE), ['none', 'none', 'none'])
  assert.deepEqual(answers(owned('ada'), NO_FILE, by('server-token')), ['none', 'none', 'none'])
  assert.deepEqual(answers({ kind: 'anonymous', because: 'credentials-missing' }, NO_FILE), ['none', 'none', 'none'])
})
