/**
 * Where only its JSON content tells what a request makes, that is read ahead, within bounds, and forwarded byte for
 * byte.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { chunked } from '../../devkit/clients/raw-http.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { type GrantsLab, linkIn, startGrantsLab } from './grants-lab.ts'

const QUERY = 'POST /tfs/C/_apis/Contribution/HierarchyQuery'
const ISSUE = 'ms.vss-token-web.personal-access-token-issue-session-token-provider'
const READ = 'ms.vss-code-web.git-repositories-provider'
const JSON_TYPE = 'Content-Type: application/json'

let lab: GrantsLab
before(async () => {
  lab = await startGrantsLab()
})
after(() => lab.close())

const query = (...ids: string[]) => JSON.stringify({ contributionIds: ids, dataProviderContext: { properties: {} } })
const withLength = (content: string | Buffer) => `Content-Length: ${Buffer.byteLength(content)}`

/** Through a connection of its own, which must be good for another request afterwards. */
async function sent(content: string | Buffer, fields: readonly string[] = [JSON_TYPE], line = QUERY) {
  const connection = await lab.connect()
  const head = [`${line} HTTP/1.1`, lab.host, patField, withLength(content), ...fields, '', ''].join('\r\n')
  connection.send(Buffer.concat([Buffer.from(head), Buffer.from(content)]))
  const answer = await connection.response()
  connection.send([`GET /next HTTP/1.1`, lab.host, patField, '', ''].join('\r\n'))
  assert.equal((await connection.response()).status, 200, 'the next request of the connection')
  connection.close()
  return answer.one('X-Torhaus-Error')
}

const received = () => lab.origin.requests.findLast(({ target }) => target.includes('HierarchyQuery'))

test('a query that reads passes as it was, one that makes a token or a key does not', async () => {
  const reading = query(READ, 'ms.vss-token-web.personal-access-tokens-provider')
  assert.equal(await sent(reading), undefined)
  assert.equal(received()?.text, reading)
  const seen = lab.origin.requests.length
  assert.equal(await sent(query(READ, ISSUE)), 'lasting-right-refused')
  assert.deepEqual(
    lab.origin.requests.slice(seen).map(({ target }) => target),
    ['/next'],
  )
})

test('the name is found however it is written, and what cannot be read counts as if it were there', async () => {
  const hidden = [ISSUE.replace('token-issue', '\\u0074oken-\\u0069ssue'), ISSUE.toUpperCase()].map(
    id => `{"contributionIds":["${id}"]}`,
  )
  hidden.push(`{"contributionIds":["${ISSUE}"],"contributionIds":[]}`)
  hidden.push(`{/* */'contributionIds':['${ISSUE}']}`)
  hidden.push(`${' '.repeat(60_000)}${query(ISSUE)}`)
  for (const content of hidden) assert.equal(await sent(content), 'lasting-right-refused', content.slice(0, 80))
  assert.equal(await sent(`${' '.repeat(66_000)}${query(READ)}`), 'lasting-right-refused', 'too long')
  assert.equal(await sent(Buffer.from(query(ISSUE), 'utf16le')), 'lasting-right-refused')
  assert.equal(await sent(Buffer.from([0x7b, 0xff, 0x7d])), 'lasting-right-refused', 'not UTF-8')
  for (const fields of [
    ['Content-Type: application/x-www-form-urlencoded'],
    ['Content-Type: application/json; charset=utf-16'],
    [JSON_TYPE, 'Content-Encoding: gzip'],
    [],
  ])
    assert.equal(await sent(query(READ), fields), 'lasting-right-refused', String(fields))
  assert.equal(await sent(query(READ), ['Content-Type: Application/JSON; charset="UTF-8"; api-version=5.0']), undefined)
})

test('64 KiB pass whole, in pieces and in chunks', async () => {
  const frame = query(READ)
  const large = `${frame.slice(0, -1)},"x":"${'y'.repeat(65_536 - frame.length - 7)}"}`
  assert.equal(Buffer.byteLength(large), 65_536)
  assert.equal(await sent(large), undefined)
  assert.equal(received()?.text, large)

  const connection = await lab.connect()
  connection.send(
    [`${QUERY} HTTP/1.1`, lab.host, patField, JSON_TYPE, 'Transfer-Encoding: chunked', '', ''].join('\r\n'),
  )
  for (const piece of [frame.slice(0, 10), frame.slice(10)])
    connection.send(`${piece.length.toString(16)}\r\n${piece}\r\n`)
  connection.send('0\r\n\r\n')
  assert.equal((await connection.response()).status, 200)
  assert.equal(received()?.text, frame)
  connection.send(
    [`${QUERY} HTTP/1.1`, lab.host, patField, JSON_TYPE, 'Transfer-Encoding: chunked', '', ''].join('\r\n'),
  )
  connection.send(chunked(query(ISSUE)))
  assert.equal((await connection.response()).one('X-Torhaus-Error'), 'lasting-right-refused')
  connection.send(
    [`${QUERY} HTTP/1.1`, lab.host, patField, JSON_TYPE, 'Transfer-Encoding: chunked', '', ''].join('\r\n'),
  )
  connection.send('0\r\n\r\n')
  assert.equal((await connection.response()).status, 200, 'no content at all')
  connection.close()
})

test('content that is empty passes, however early its end comes', async () => {
  const fields = [lab.host, JSON_TYPE, 'Transfer-Encoding: chunked']
  const token = await lab.fixture.op.issueAccessToken('ada')
  for (const credentials of [patField, `Authorization: Bearer ${token}`]) {
    const connection = await lab.connect()
    for (let round = 0; round < 2; round++) {
      connection.send([`${QUERY} HTTP/1.1`, ...fields, credentials, '', '0\r\n\r\n'].join('\r\n'))
      assert.equal((await connection.response()).status, 200, credentials)
    }
    connection.close()
  }
})

test('whoever waits to be asked for the content is asked once', async () => {
  const content = query(READ)
  const connection = await lab.connect()
  connection.send(
    [`${QUERY} HTTP/1.1`, lab.host, patField, JSON_TYPE, withLength(content), 'Expect: 100-continue', '', ''].join(
      '\r\n',
    ),
  )
  assert.equal((await connection.head()).status, 100)
  connection.send(content)
  const answer = await connection.response()
  assert.deepEqual([answer.status, answer.informational.length], [200, 0])
  assert.equal(received()?.text, content)
  connection.close()
})

test('whoever goes away meanwhile, or never sends it, harms nobody', async () => {
  const seen = lab.origin.requests.length
  for (const end of ['gone', 'waiting'] as const) {
    const connection = await lab.connect()
    connection.send([`${QUERY} HTTP/1.1`, lab.host, patField, JSON_TYPE, 'Content-Length: 100', '', '{'].join('\r\n'))
    if (end === 'gone') connection.close()
  }
  assert.equal(await sent(query(READ)), undefined)
  assert.equal(lab.origin.requests.length, seen + 2)
})

test('a session with a fresh second factor makes one, and one that is not fresh still reads', async () => {
  const person = await lab.person()
  const cookie = `Cookie: ${[...person.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ')}`
  const bySession = async (content: string) => {
    const fields = [cookie, `Origin: ${lab.fixture.url}`, JSON_TYPE, withLength(content)]
    const connection = await lab.connect()
    connection.send([`${QUERY} HTTP/1.1`, lab.host, ...fields, '', content].join('\r\n'))
    const answer = await connection.response()
    connection.close()
    return answer.one('X-Torhaus-Error')
  }
  assert.equal(await bySession(query(ISSUE)), undefined)
  assert.equal(received()?.text, query(ISSUE))
  lab.turnClock(1000)
  assert.equal(await bySession(query(ISSUE)), 'second-factor-stale')
  assert.equal(await bySession(query(READ)), undefined)
  lab.turnClock(-1000)
})

test('a grant is the same to a query; of GraphQL the mutation tells', async () => {
  const link = linkIn(
    (await lab.asProgram({ line: 'POST /tfs/C/x', agent: 'curl/8', fields: ['Content-Length: 0'] })).text,
  )
  assert.equal((await lab.confirm(await lab.person(), link)).status, 200)
  const byGrant = async (content: string) => {
    const asking = { line: QUERY, agent: 'curl/8', fields: [JSON_TYPE, withLength(content)], content }
    return (await lab.asProgram(asking)).one('X-Torhaus-Error')
  }
  assert.equal(await byGrant(query(READ)), undefined)
  assert.equal(received()?.text, query(READ))
  assert.equal(await byGrant(query(ISSUE)), 'lasting-right-refused')
  const graphql = (text: string) => sent(JSON.stringify({ query: text }), [JSON_TYPE], 'POST /api/graphql')
  assert.equal(await graphql('query { currentUser { username } }'), undefined)
  assert.equal(await graphql('mutation { personalAccessTokenCreate(input: {}) { token } }'), 'lasting-right-refused')
  const inQuery = 'POST /api/graphql?query=mutation%7BpersonalAccessTokenCreate(input%3A%7B%7D)%7Btoken%7D%7D'
  assert.equal(await sent('{}', [JSON_TYPE], inQuery), 'lasting-right-refused')
  assert.equal(await sent('{}', [JSON_TYPE], inQuery.replace('mutation', 'query').replace('Create', '')), undefined)
  assert.equal(await graphql('mutation { runnerCreate(input: {}) { runner { id } } }'), 'lasting-right-refused')
})
