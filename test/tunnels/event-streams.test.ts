/** An event stream has no end of its own: it ends when who asked for it would be refused now. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { configured, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { type GrantsLab, startGrantsLab } from '../grants/grants-lab.ts'

let lab: GrantsLab
before(async () => {
  lab = await startGrantsLab()
  lab.origin.answerWith((_, response, { target }) => {
    const type = target.startsWith('/events') ? 'text/event-stream; charset=utf-8' : 'application/octet-stream'
    response.writeHead(200, { 'Content-Type': type }).write('data: 1\n\n')
    if (target.endsWith('/short')) response.end()
  })
})
after(() => lab.close())

const cookieOf = (person: Awaited<ReturnType<GrantsLab['person']>>) =>
  `Cookie: torhaus=${person.cookies.get('torhaus')?.value}`

async function begin(target: string, fields: readonly string[]) {
  const connection = await lab.connect()
  connection.send(requestText(`GET ${target}`, [lab.host, 'Accept: text/event-stream', ...fields]))
  assert.equal((await connection.head()).status, 200)
  return connection
}

test('signing out ends the event streams of that session, and leaves those of another one, and other answers', async () => {
  const [leaving, staying] = [await lab.person(), await lab.person()]
  const stream = await begin('/events/leaving', [cookieOf(leaving)])
  const others = [await begin('/events/staying', [cookieOf(staying)]), await begin('/download', [cookieOf(leaving)])]
  const url = `${lab.fixture.url}/.torhaus/sign-out`
  assert.equal((await leaving.submit(url, '/.torhaus/sign-out')).status, 303)
  assert.match((await stream.rest()).toString(), /data: 1/)
  await eventually(
    () =>
      lab.fixture.log.some(line => line['url.path'] === '/events/leaving' && line['torhaus.code'] === 'session-ended'),
    'the record says why',
  )
  assert.deepEqual(
    others.map(({ ended }) => ended),
    [undefined, undefined],
  )
  for (const connection of others) connection.close()
})

test('an event stream that has ended by itself leaves its connection to whoever comes next', async () => {
  const person = await lab.person()
  const connection = await begin('/events/short', [cookieOf(person)])
  await eventually(
    () => lab.fixture.log.some(line => line['url.path'] === '/events/short' && line['torhaus.outcome'] === 'forwarded'),
    'it has ended',
  )
  const url = `${lab.fixture.url}/.torhaus/sign-out`
  assert.equal((await person.submit(url, '/.torhaus/sign-out')).status, 303)
  assert.equal(connection.ended, undefined)
  connection.close()
})

for (const when of ['before', 'during'] as const) {
  test(`an event stream that begins ${when} the drain does not hold it up, and other answers finish`, async () => {
    const proxy = await startProxy({ configure: configured({ drainTimeoutMs: 60_000 }) })
    const finish = Promise.withResolvers<void>()
    proxy.origin.answerWith(async (_, response, { target }) => {
      const type = target === '/events' ? 'text/event-stream' : 'text/plain'
      response.writeHead(200, { 'Content-Type': type }).write('data: 1\n\n')
      await finish.promise
      if (target !== '/events') response.end('finished')
    })
    const [stream, other] = [await proxy.connect(), await proxy.connect()]
    other.send(requestText('GET /other', [proxy.host, patField]))
    await other.head()
    const ask = () => stream.send(requestText('GET /events', [proxy.host, patField]))
    if (when === 'before') {
      ask()
      await stream.head()
    } else {
      stream.send(requestText('GET /busy', [proxy.host, patField]))
      await stream.head()
    }
    const drained = proxy.fixture.torhaus.drain()
    if (when === 'during') {
      ask()
      finish.resolve()
    }
    await stream.rest()
    finish.resolve()
    assert.match((await other.rest()).toString(), /finished/)
    await drained
    const record = await proxy.fixture.logged(entry => entry['url.path'] === '/events')
    assert.equal(record['torhaus.code'], 'tunnel-drained')
    await proxy.close()
  })
}
