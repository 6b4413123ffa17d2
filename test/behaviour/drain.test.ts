import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { configured, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

test('at the drain what is in flight finishes, its connection closes after it, and nobody new is let in', async () => {
  const proxy = await startProxy({ configure: configured({ drainTimeoutMs: 60_000 }) })
  const finish = Promise.withResolvers<void>()
  proxy.origin.answerWith(async (_, response) => {
    response.writeHead(200)
    response.write('begun ')
    await finish.promise
    response.end('finished')
  })
  const [idle, busy] = [await proxy.connect(), await proxy.connect()]
  busy.send(requestText('GET /busy', [proxy.host, patField]))
  await busy.head()
  const drained = proxy.fixture.torhaus.drain()
  assert.equal((await idle.rest()).length, 0)
  await assert.rejects(RawConnection.open(proxy.fixture.port))
  finish.resolve()
  assert.match((await busy.rest()).toString(), /begun [\s\S]*finished\r\n0\r\n\r\n$/)
  await drained
  assert.equal(proxy.fixture.log.filter(entry => entry['url.path'] === '/busy').length, 1)
  await proxy.close()
})

test('a request that comes on an open connection during the drain is answered like any other, and is the last', async () => {
  const proxy = await startProxy({ configure: configured({ drainTimeoutMs: 60_000 }) })
  const finish = Promise.withResolvers<void>()
  proxy.origin.answerWith(async (request, response) => {
    if (request.url === '/busy') await finish.promise
    response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Path', request.url ?? '']).end('ok')
  })
  const connection = await proxy.connect()
  connection.send(requestText('GET /busy', [proxy.host, patField]))
  await proxy.origin.arrived('/busy')
  const drained = proxy.fixture.torhaus.drain()
  await new Promise(setImmediate)
  connection.send(requestText('GET /late', [proxy.host, patField]))
  finish.resolve()
  await proxy.origin.arrived('/late')
  const first = await connection.response()
  assert.deepEqual([first.one('X-Path'), first.text], ['/busy', 'ok'])
  const late = await connection.response()
  assert.deepEqual([late.one('X-Path'), late.text], ['/late', 'ok'])
  assert.deepEqual(late.all('Set-Cookie'), ['a=1', 'b=2'])
  assert.equal(late.one('Connection'), 'close')
  assert.equal((await connection.rest()).length, 0)
  await drained
  await proxy.close()
})

test('what does not finish in the time given is cut off', async () => {
  const proxy = await startProxy({ configure: configured({ drainTimeoutMs: 100 }) })
  proxy.origin.answerWith((_, response) => response.write('begun'))
  const connection = await proxy.connect()
  connection.send(requestText('GET /endless', [proxy.host, patField]))
  await connection.head()
  await proxy.fixture.torhaus.drain()
  await connection.rest()
  const record = await proxy.fixture.logged(entry => entry['url.path'] === '/endless')
  assert.equal(record['torhaus.outcome'], 'aborted')
  await proxy.close()
})

test('a kill during the drain ends at once', { timeout: 60_000 }, async () => {
  const proxy = await startProxy({ configure: configured({ drainTimeoutMs: 90_000 }) })
  proxy.origin.answerWith((_, response) => response.write('begun'))
  const connection = await proxy.connect()
  connection.send(requestText('GET /endless', [proxy.host, patField]))
  await connection.head()
  const drained = proxy.fixture.torhaus.drain()
  await proxy.fixture.torhaus.kill()
  await drained
  await connection.rest()
  await proxy.close()
})
