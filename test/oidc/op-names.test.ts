/** Where the OP is, while the first name server is dead: the system answers later than a request may take. */
import assert from 'node:assert/strict'
import dns, { type LookupAddress } from 'node:dns'
import { createServer } from 'node:http'
import { afterEach, mock, test } from 'node:test'
import { listen } from '../../devkit/op/listen.ts'
import { faultOfEndpoint } from '../../src/oidc/op-endpoints.ts'
import { toOpFault } from '../../src/oidc/op-fault.ts'
import { opFetch } from '../../src/oidc/op-fetch.ts'
import { connectionLookup } from '../../src/remembered-lookup.ts'
import { system } from '../../src/system.ts'

type Answer = (error: Error | null, addresses: LookupAddress[]) => void

afterEach(() => mock.restoreAll())

test('an answer with a status that is none is an OP that is away, and each request says who asks', async () => {
  const agents: (string | undefined)[] = []
  const op = createServer((request, response) => {
    agents.push(request.headers['user-agent'])
    response.writeHead(999).end()
  })
  const issuer = `http://127.0.0.1:${await listen(op, '127.0.0.1', 0)}`
  try {
    await assert.rejects(opFetch({ issuer, timeoutMs: 3000 })(issuer, { headers: {} }), (error: Error) => {
      assert.match(String(error.cause), /status 999/)
      return toOpFault(error, 'op-response-invalid').code === 'op-unreachable'
    })
    assert.deepEqual(agents, ['torhaus'])
  } finally {
    op.close()
  }
})

test('an OP over TLS is believed over TLS alone in whatever letter case its issuer is written', () => {
  for (const issuer of ['https://op.corp.test', 'HTTPS://op.corp.test'])
    assert.match(faultOfEndpoint('http://op.corp.test/token', issuer) ?? '', /plain HTTP/)
  for (const issuer of ['http://127.0.0.1', 'HTTP://127.0.0.1'])
    assert.equal(faultOfEndpoint('http://127.0.0.1/token', issuer), undefined)
})

test('an OP is reached by the address found last', async () => {
  let isDead = false
  mock.method(dns, 'lookup', (_host: string, _options: object, done: Answer) => {
    if (!isDead) done(null, [{ address: '127.0.0.1', family: 4 }])
  })
  const op = createServer((_request, response) => response.end('{}'))
  const issuer = `http://op.corp.test:${await listen(op, '127.0.0.1', 0)}`
  const fetch = opFetch({ issuer, timeoutMs: 3000 }, connectionLookup(system.monotonic))
  try {
    const ask = async () => (await fetch(`${issuer}/keys`, { headers: {} })).text()
    assert.equal(await ask(), '{}')
    isDead = true
    assert.equal(await ask(), '{}')
  } finally {
    op.close()
  }
})
