/** What a logout token ends, and in which form it must come. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { codeOf } from '../../devkit/torhaus/sign-in-lab.ts'
import { type LogoutLab, startLogoutLab } from './logout-lab.ts'

const PATH = '/.torhaus/backchannel-logout'
let lab: LogoutLab

before(async () => {
  lab = await startLogoutLab()
})
after(() => lab?.close())

const form = async (claims: object) => `logout_token=${await lab.token({ ...claims })}`

test('a token with a sid ends the sessions of that sid, in every browser, and no others', async () => {
  const person = { sub: 'ada', sid: 'laptop' }
  const [one, two] = [await lab.open(person), await lab.open(person)]
  const elsewhere = await lab.open({ ...person, sid: 'phone' })
  const answer = await lab.postToken(await lab.token({ sid: 'laptop' }))
  assert.deepEqual([answer.status, await answer.text()], [200, ''])
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  assert.equal(answer.headers.get('set-cookie'), null)
  assert.deepEqual([await lab.isAlive(one), await lab.isAlive(two), await lab.isAlive(elsewhere)], [false, false, true])
  const [record] = lab.audited('back-channel-logout')
  assert.deepEqual(
    [record?.['user.name'], record?.['torhaus.sessions'], record?.['event.outcome']],
    ['ada', 2, 'success'],
  )
})

test('with sid and sub both must fit', async () => {
  const browser = await lab.open({ sub: 'bob', sid: 'bobs' })
  assert.equal((await lab.postToken(await lab.token({ sub: 'ada', sid: 'bobs' }))).status, 200)
  assert.ok(await lab.isAlive(browser))
  assert.equal((await lab.postToken(await lab.token({ sub: 'bob', sid: 'other' }))).status, 200)
  assert.ok(await lab.isAlive(browser))
  await lab.postToken(await lab.token({ sub: 'bob', sid: 'bobs' }))
  assert.equal(await lab.isAlive(browser), false)
})

test('a token with a sub alone ends every session of the person, and of nobody else', async () => {
  const mine = [
    await lab.open({ sub: 'eve', sid: 'e1' }),
    await lab.open({ sub: 'eve', sid: 'e2' }),
    await lab.open({ sub: 'eve' }),
  ]
  const others = await lab.open({ sub: 'eve2', sid: 'e3', name: 'eve' })
  await lab.postToken(await lab.token({ sub: 'eve' }))
  for (const browser of mine) assert.equal(await lab.isAlive(browser), false)
  assert.ok(await lab.isAlive(others), 'the same account, and another subject')
})

test('the logout of a session that is not there is a success, and counted as such', async () => {
  const line = 'torhaus_op_logouts_total{channel="back",outcome="nothing"}'
  const before = await lab.metric(line)
  assert.equal((await lab.postToken(await lab.token({ sid: 'never seen' }))).status, 200)
  assert.equal(await lab.metric(line), before + 1)
})

test('neither session, nor Origin, nor cookie is needed, none is set, and nothing of it goes to the server', async () => {
  const browser = await lab.open({ sub: 'fay', sid: 'f' })
  const [kept] = [browser.cookies.get('torhaus')?.value]
  const reached = lab.origin.requests.length
  const answer = await fetch(lab.url + PATH, {
    method: 'POST',
    headers: {
      'Content-Type': 'Application/X-WWW-Form-Urlencoded ; charset=UTF-8',
      Origin: 'https://elsewhere.example',
      'Sec-Fetch-Site': 'cross-site',
      Cookie: `torhaus=${kept}`,
    },
    body: `state=1&${await form({ sid: 'f' })}&more=2`,
  })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('set-cookie'), null)
  assert.equal(lab.origin.requests.length, reached)
  assert.equal(await lab.isAlive(browser), false)
})

test('another form of request is refused and ends nothing: no form, no token, two tokens, too long, another method', async () => {
  const person = { sub: 'gil', sid: 'g' }
  const browser = await lab.open(person)
  const good = await form(person)
  const token = good.slice('logout_token='.length)
  const wrong = {
    JSON: { content: JSON.stringify({ logout_token: token }), type: 'application/json' },
    'a multipart type': { content: good, type: 'multipart/form-data; boundary=x' },
    'plain text': { content: good, type: 'text/plain' },
    'an empty type': { content: good, type: '' },
    nothing: { content: '' },
    'another name': { content: `id_token=${token}` },
    'the same token twice': { content: `${good}&${good}` },
    'a second, empty one': { content: `${good}&logout_token=` },
    'one byte too many': { content: `${good}&x=${'x'.repeat(65_537 - good.length - 3)}` },
  }
  for (const [what, posting] of Object.entries(wrong)) {
    const answer = await lab.post(posting)
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'logout-request-malformed'], what)
    assert.equal(((await answer.json()) as { error: string }).error, 'invalid_request', what)
  }
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
    const query = { method, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }
    assert.equal((await fetch(`${lab.url}${PATH}?${good}`, query)).status, 404, method)
  }
  assert.ok(await lab.isAlive(browser))
  // The longest form that is allowed, and a token that none of these attempts has used up.
  assert.equal((await lab.post({ content: `${good}&x=${'x'.repeat(65_536 - good.length - 3)}` })).status, 200)
  assert.equal(await lab.isAlive(browser), false)
})

/** Sends the head and pieces of content over a bare connection; resolves with everything that comes back. */
async function raw(head: readonly string[], pieces: readonly string[]): Promise<string> {
  const socket = connect(lab.port, '127.0.0.1')
  const answer = text(socket)
  const fields = ['Content-Type: application/x-www-form-urlencoded', ...head]
  socket.write([`POST ${PATH} HTTP/1.1`, `Host: 127.0.0.1:${lab.port}`, ...fields, '', ''].join('\r\n'))
  for (const piece of pieces) {
    await new Promise(resolve => setTimeout(resolve, 10))
    socket.write(piece)
  }
  return answer
}

const chunk = (content: string) => `${content.length.toString(16)}\r\n${content}\r\n`

test('content in chunks is read as one, after 100 Continue, and refused once it is too long', async () => {
  const person = { sub: 'hal', sid: 'h' }
  const browser = await lab.open(person)
  const content = await form(person)
  const head = ['Transfer-Encoding: chunked', 'Connection: close']
  const long = [chunk(`${content}&x=`), ...Array.from({ length: 5 }, () => chunk('x'.repeat(16_000)))]
  assert.match(await raw(head, [...long, '0\r\n\r\n']), /^HTTP\/1\.1 400 .*logout-request-malformed/s)
  assert.ok(await lab.isAlive(browser))
  const good = [chunk(content.slice(0, 20)), chunk(content.slice(20)), '0\r\n\r\n']
  assert.match(await raw([...head, 'Expect: 100-continue'], good), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
  assert.equal(await lab.isAlive(browser), false)
})

test('content that says beforehand that it is too long is refused unread, and one cut off ends nothing', async () => {
  const head = ['Content-Length: 65537', 'Expect: 100-continue', 'Connection: close']
  const answer = await raw(head, ['x'.repeat(65_537)])
  assert.match(answer, /^HTTP\/1\.1 400 /)
  const person = { sub: 'ivy', sid: 'i' }
  const browser = await lab.open(person)
  const content = await form(person)
  const socket = connect(lab.port, '127.0.0.1')
  socket.write(
    `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1:${lab.port}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${content.length + 1}\r\n\r\n${content}`,
  )
  await new Promise(resolve => setTimeout(resolve, 50))
  socket.destroy()
  await lab.logged(
    ({ 'torhaus.code': code, 'event.action': action }) => action === 'request' && code === 'request-content-aborted',
  )
  assert.ok(await lab.isAlive(browser))
})
