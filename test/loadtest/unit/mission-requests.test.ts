import assert from 'node:assert/strict'
import { test } from 'node:test'
import { credentialFields } from '../../../loadtest/credential-fields.ts'
import { type MissionFields, missionRequests, withoutTickets } from '../../../loadtest/mission/mission-requests.ts'

const person = (name: string): MissionFields => ({
  ...credentialFields({ cookie: `session=${name}`, accessToken: name, ticket: '' }, false),
  agent: { Authorization: 'Bearer agent' },
})
const requests = missionRequests([person('alice'), person('bob')])

test('each kind of client asks for each size, as each person', () => {
  const pages = requests.filter(({ target }) => target.startsWith('/ticket/'))
  const seen = new Set(pages.map(({ target, fields }) => `${target} ${fields.Cookie ?? fields.Authorization}`))
  assert.equal(seen.size, 3 * 2 * 2, 'three sizes, two people, by session and by Bearer')
  for (const what of [
    /info\/refs/,
    /git-upload-pack$/,
    /\/700k$/,
    /\.asmx$/,
    /_apis\/wit/,
    /_apis\/distributedtask/,
    /^\/upload$/,
  ])
    assert.ok(
      requests.some(({ target }) => what.test(target)),
      String(what),
    )
})

test('a response has 80 to 120 KB on average', () => {
  const average = requests.reduce((sum, { responseBytes }) => sum + responseBytes, 0) / requests.length
  assert.ok(average > 80 * 1024 && average < 120 * 1024, String(average))
})

test('the origin server alone gets the same requests, but where it would ask for a ticket', () => {
  const direct = withoutTickets(requests)
  assert.equal(direct.length, requests.length)
  assert.deepEqual(
    direct.filter(({ target }) => target.startsWith('/ticket')),
    [],
  )
  assert.deepEqual(
    direct.map(({ responseBytes }) => responseBytes),
    requests.map(({ responseBytes }) => responseBytes),
  )
})
