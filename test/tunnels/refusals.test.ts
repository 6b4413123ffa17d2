import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { HANDSHAKE_FIELDS, KEY } from '../../devkit/clients/handshake-fields.ts'
import { secondFactorAcr } from '../../devkit/op/configuration.ts'
import { message, Refused, startTunnelLab, type TunnelLab } from '../../devkit/torhaus/tunnel-lab.ts'

let lab: TunnelLab
let browser: BrowserClient
before(async () => {
  lab = await startTunnelLab({
    more: {
      secondFactor: {
        acceptAcr: [secondFactorAcr],
        rules: [{ name: 'open', reason: 'a test', when: { path: '/open' }, require: 'nothing' }],
      },
    },
  })
  browser = await lab.signedIn()
})
after(() => lab.close())

/** How a handshake is refused; an open one is a failure. */
async function refusal(path: string, fields: Record<string, string>): Promise<Refused> {
  const error = await lab.open(path, fields).then(
    () => assert.fail('the WebSocket is open'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof Refused, String(error))
  return error
}

const nothingArrived = (path: string) =>
  assert.ok(lab.origin.handshakes.every(({ request }) => request.url !== path) && !hasRequest(path))
const hasRequest = (path: string) => lab.origin.requests.some(({ url }) => url === path)

test('without credentials a handshake gets a 401 with challenges, and never a redirect', async () => {
  const { status, code, response } = await refusal('/none', {
    ...{ Accept: 'text/html,*/*', 'Sec-Fetch-Mode': 'navigate', 'User-Agent': 'Mozilla/5.0 Chrome/140.0.0.0' },
  })
  assert.deepEqual([status, code, response.headers.location], [401, 'credentials-missing', undefined])
  assert.match(response.headers['www-authenticate'] ?? '', /^Bearer/)
  assert.equal(response.headers.connection, 'close')
  nothingArrived('/none')
  const record = await lab.record('/none')
  assert.deepEqual(
    [record['torhaus.outcome'], record['http.response.status_code'], record['http.request.id']],
    ['challenged', 401, response.headers['x-request-id']],
  )
})

test('a refusal says in full what is wrong, and closes the connection', async () => {
  const connection = await lab.handshake('/problem', ['Accept: application/json'])
  const response = await connection.response()
  assert.equal(JSON.parse(response.text).code, 'credentials-missing')
  assert.equal((await connection.rest()).length, 0)
})

test('a session that has ended gets a 401', async () => {
  const ended = await lab.signedIn()
  const fields = lab.pageFields(ended)
  await ended.send(`${lab.url}/.torhaus/sign-out`, { method: 'POST', fields: { Origin: lab.url } })
  const { status, code } = await refusal('/ended', fields)
  assert.deepEqual([status, code], [401, 'session-ended'])
  nothingArrived('/ended')
})

test('a token without a second factor gets a 403, and a made-up one a 401', async () => {
  const oneFactor = await lab.op.issueAccessToken('carol', { acr: 'urn:password' })
  const { status, code } = await refusal('/one-factor', { Authorization: `Bearer ${oneFactor}` })
  assert.deepEqual([status, code], [403, 'second-factor-missing'])
  assert.equal((await refusal('/made-up', { Authorization: `${lab.token.Authorization}x` })).status, 401)
  nothingArrived('/one-factor')
})

for (const [name, origin] of [
  ['another site', () => 'https://evil.example'],
  ['another host of the same site', () => 'http://other.127.0.0.1'],
  ['another port', () => 'http://127.0.0.1:1'],
  ['another scheme', () => lab.url.replace('http:', 'https:')],
  ['a name that begins like ours', () => `${lab.url}.evil.example`],
  ['a sandbox', () => 'null'],
] as const) {
  test(`with a session, a handshake that comes from ${name} is refused (RFC 6455 10.2)`, async () => {
    const path = `/from-${name.replaceAll(' ', '-')}`
    const { status, code } = await refusal(path, lab.pageFields(browser, origin()))
    assert.deepEqual([status, code], [403, 'cross-site-request'])
    nothingArrived(path)
  })
}

test('where nothing but the network lets it pass, a page of another site is refused, too', async () => {
  assert.equal((await refusal('/open', { Origin: 'https://evil.example' })).code, 'cross-site-request')
  const socket = await lab.open('/open', {})
  socket.send('x')
  assert.equal((await message(socket)).toString(), 'x')
})

test('programs pass with a session and no Origin, and with a token whatever their Origin', async () => {
  const { Cookie = '' } = lab.pageFields(browser)
  for (const fields of [{ Cookie }, { ...lab.token, Origin: 'app://desktop' }]) {
    const socket = await lab.open('/program', fields)
    socket.send('x')
    assert.equal((await message(socket)).toString(), 'x')
  }
})

test('identity and forwarded fields of the client do not pass with a handshake', async () => {
  await lab.open('/spoofed', {
    ...lab.token,
    ...{ 'X-Account': 'root', x_account: 'root', 'X.Account': 'root', 'X-Torhaus-Assertion': 'root' },
    ...{ 'X-Forwarded-For': '10.1.1.1', 'X-Forwarded-Host': 'evil', 'X-Original-URL': '/admin', 'Remote-User': 'root' },
  })
  const { request } = await lab.origin.arrived('/spoofed')
  assert.doesNotMatch(request.rawHeaders.join('\n'), /root|10\.1\.1\.1|evil|admin/)
  assert.deepEqual([request.headers['x-account'], request.headers['x-forwarded-for']], ['ada', '127.0.0.1'])
})

test('a Connection field cannot take an identity field away', async () => {
  const connection = await lab.handshake('/stripped', [
    `Authorization: ${lab.token.Authorization}`,
    'Connection: X-Account',
  ])
  assert.equal((await connection.response()).one('X-Torhaus-Error'), 'connection-field-refused')
  nothingArrived('/stripped')
})

for (const [name, lines] of [
  ['no key', []],
  ['a key that is too short', ['Sec-WebSocket-Key: c2hvcnQ=']],
  ['a key that is no base64', [`Sec-WebSocket-Key: ${'!'.repeat(22)}==`]],
  ['two keys', [`Sec-WebSocket-Key: ${KEY}`, `Sec-WebSocket-Key: ${KEY}`]],
] as const) {
  test(`a handshake with ${name} is refused`, async () => {
    const path = `/key-${lines.length}-${name.length}`
    const connection = await lab.raw()
    const fields = HANDSHAKE_FIELDS.filter(line => !line.startsWith('Sec-WebSocket-Key'))
    connection.send(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${lab.port}\r\nAuthorization: ${lab.token.Authorization}\r\n` +
        `${[...fields, ...lines].join('\r\n')}\r\n\r\n`,
    )
    const response = await connection.response()
    assert.deepEqual([response.status, response.one('Connection')], [400, 'close'])
    assert.match(response.one('X-Torhaus-Error') ?? '', /^(handshake-invalid|field-duplicated)$/)
    nothingArrived(path)
  })
}

test('under /.torhaus/ there is no WebSocket', async () => {
  const { status, code } = await refusal('/.torhaus/sign-in', lab.token)
  assert.deepEqual([status, code], [404, 'not-found'])
})

test('what the server says in place of 101 passes with its fields and content', async () => {
  lab.origin.onHandshake(({ socket }) => {
    socket.end(
      'HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13, 8\r\nUpgrade: x\r\nContent-Length: 5\r\n\r\nolder',
    )
  })
  const connection = await lab.handshake('/426')
  const response = await connection.response()
  assert.deepEqual(
    [response.status, response.one('Sec-WebSocket-Version'), response.one('Upgrade'), response.text],
    [426, '13, 8', undefined, 'older'],
  )
  assert.equal(response.one('Connection'), 'close')
  assert.equal((await connection.rest()).length, 0)
  const record = await lab.record('/426')
  assert.deepEqual([record['torhaus.outcome'], record['http.response.status_code']], ['forwarded', 426])
})

test('a 403 of large content comes whole, however slow the client', async () => {
  const content = 'n'.repeat(8 * 1024 * 1024)
  lab.origin.onHandshake(({ socket }) => {
    socket.end(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${content.length}\r\n\r\n${content}`)
  })
  const connection = await lab.handshake('/403')
  connection.socket.pause()
  await lab.origin.arrived('/403')
  await new Promise(resolve => setTimeout(resolve, 100))
  connection.socket.resume()
  const response = await connection.response()
  assert.deepEqual([response.status, response.content.length], [403, content.length])
})
