/**
 * The handshake of a WebSocket is a request: it arrives as the account, with a token of its own. Apache declines it.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Asking, bearer, negotiate, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

let lab: ProxyLab
before(async () => {
  lab = await startProxyLab()
})
after(() => lab.close())

const handshake = {
  ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

async function assertSeen(proxy: LabProxy, account: string, credentials: Asking['headers']): Promise<void> {
  const answer = await proxy.ask('/whoami', { headers: { ...handshake, ...credentials } })
  assert.deepEqual([answer.status, answer.body, answer.headers.connection], [200, seenAs(account), 'close'])
}

for (const [name, authenticatesConnections] of [
  ['each request', false],
  ['each connection', true],
] as const) {
  test(`handshakes arrive as their accounts, with a token for ${name}`, async () => {
    const proxy = await lab.proxy({
      upstream: authenticatesConnections ? lab.apache.connectionBound : lab.apache.perRequest,
      configure: ({ upstream, ...rest }) => {
        const { identity } = upstream
        const kerberos = { ...identity.kerberos, authenticatesConnections }
        return { ...rest, upstream: { ...upstream, identity: { ...identity, kerberos } } }
      },
    })
    for (const account of ['alice', 'bob', 'alice', 'bob'])
      await assertSeen(proxy, account, bearer(await proxy.bearerOf(account)))
  })
}

test('a ticket of the client is accepted with a handshake, and does not go on', async () => {
  const proxy = await lab.proxy()
  await assertSeen(proxy, 'alice', negotiate(await lab.token('alice')))
})
