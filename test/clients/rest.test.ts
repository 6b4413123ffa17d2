import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { getBearerHandler, getPersonalAccessTokenHandler, WebApi } from 'azure-devops-node-api'
import { jsonMember } from '../../devkit/op/json-member.ts'
import { type ClientLab, curl, startClientLab } from './client-lab.ts'

let lab: ClientLab
let whoami: string

before(async () => {
  lab = await startClientLab()
  whoami = `${lab.torhaus.url}/DefaultCollection/_apis/whoami`
})
after(() => lab.close())

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

test('curl arrives as the account with a token of the OP, in any spelling of the scheme', async () => {
  const token = await lab.bearer()
  for (const credentials of [
    `Bearer ${token}`,
    `bearer ${token}`,
    basic('any', token),
    basic('', token).toLowerCase().slice(0, 6) + basic('', token).slice(6),
  ]) {
    const { status, content } = await curl('--header', `Authorization: ${credentials}`, whoami)
    assert.equal(status, 200, content)
    const said: unknown = JSON.parse(content)
    assert.deepEqual([jsonMember(said, 'account'), jsonMember(said, 'authentication')], ['ada', 'assertion'])
  }
})

test('curl arrives as the account with a personal access token, which the server itself checks', async () => {
  const { status, content } = await curl('--user', `:${lab.pat}`, whoami)
  assert.equal(status, 200)
  assert.equal(jsonMember(JSON.parse(content), 'authentication'), 'pat')
})

test('a personal access token that the server does not know gets the 401 of the server', async () => {
  const { status, content } = await curl('--user', `:${'a'.repeat(52)}`, whoami)
  assert.equal(status, 401)
  assert.match(content, /TF400813/)
})

test('curl without credentials gets one challenge line per scheme, and problem details', async () => {
  const { status, content } = await curl('--include', whoami)
  assert.equal(status, 401)
  const challenges = content.match(/^www-authenticate: .*$/gim) ?? []
  assert.equal(challenges.length, 2)
  assert.match(challenges[0] ?? '', /: Bearer realm="/)
  assert.match(challenges[1] ?? '', /: Basic realm="/)
  const problem: unknown = JSON.parse(content.slice(content.indexOf('{')))
  assert.equal(jsonMember(problem, 'code'), 'credentials-missing')
  assert.match(String(jsonMember(problem, 'requestId')), /^[\w-]{36}$/)
})

test("the server's own Node client reads projects with a personal access token and with a token of the OP", async () => {
  const collection = `${lab.torhaus.url}/DefaultCollection`
  for (const handler of [getPersonalAccessTokenHandler(lab.pat), getBearerHandler(await lab.bearer())]) {
    const api = new WebApi(collection, handler)
    assert.equal((await api.connect()).authenticatedUser?.providerDisplayName, 'ada')
    const projects = await (await api.getCoreApi()).getProjects()
    assert.deepEqual(
      Array.from(projects, project => project.name),
      ['demo'],
    )
  }
})

test("the server's own Node client fails with 401 where the token has expired", async () => {
  const expired = await lab.bearer({ exp: Math.floor(Date.now() / 1000) - 60 })
  const api = new WebApi(`${lab.torhaus.url}/DefaultCollection`, getBearerHandler(expired))
  await assert.rejects(api.connect(), { statusCode: 401 })
})
