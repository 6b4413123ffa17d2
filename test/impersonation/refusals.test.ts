/**
 * The rows of the Kerberos error table, through the whole proxy: one token for each request, and one for each
 * connection.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { OriginHost } from '../../devkit/realm/apache-origin.ts'
import type { LabTorhausOptions } from '../../devkit/realm/lab-torhaus.ts'
import { basic, bearer, negotiate, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

const OTHER_SPN = 'HTTP/other.corp.test'
const MODES = [false, true]

let lab: ProxyLab

before(async () => {
  const password = 'svc-other-Passw0rd'
  lab = await startProxyLab({ accounts: [{ name: 'svc-other', password, servicePrincipals: [OTHER_SPN] }] })
})
after(() => lab.close())

const toward = (targetPrincipal: string, authenticatesConnections: boolean): Partial<LabTorhausOptions> => ({
  upstream: authenticatesConnections ? lab.apache.connectionBound : lab.apache.perRequest,
  configure: config => ({
    ...config,
    upstream: {
      ...config.upstream,
      identity: { kind: 'kerberos', kerberos: { targetPrincipal, authenticatesConnections } },
    },
  }),
})

async function outcome(proxy: LabProxy, account: string, path = '/whoami'): Promise<[number, string | undefined]> {
  const { status, code } = await proxy.ask(path, { headers: bearer(await proxy.bearerOf(account)) })
  return [status, code]
}

for (const eachConnection of MODES) {
  const mode = `a token for each ${eachConnection ? 'connection' : 'request'}`

  test(`with ${mode}, accounts that cannot be used are 403 with a code of their own, and nobody else is sent instead`, async () => {
    const proxy = await lab.proxy(toward('HTTP/devops.corp.test', eachConnection))
    const alice = { headers: bearer(await proxy.bearerOf('alice')) }
    assert.equal((await proxy.ask('/whoami', alice)).body, seenAs('alice'))
    assert.deepEqual(await outcome(proxy, 'nobody'), [403, 'delegation-account-unknown'])
    assert.deepEqual(await outcome(proxy, 'disabled1'), [403, 'delegation-account-disabled'])
    assert.deepEqual(await outcome(proxy, 'sensitive1'), [403, 'delegation-refused'])
    assert.deepEqual(await outcome(proxy, 'alice@elsewhere.test'), [403, 'account-unmapped'])
    assert.deepEqual(await outcome(proxy, 'a/b'), [403, 'account-unmapped'])
    assert.equal((await proxy.ask('/whoami', alice)).body, seenAs('alice'))
    assert.equal(await proxy.metric('torhaus_identity_mismatches_total'), 0)
  })

  test(`with ${mode}, a service the directory does not know is 502, one we may not delegate to is 403`, async () => {
    const unknown = await lab.proxy(toward('HTTP/nowhere.corp.test', eachConnection))
    assert.deepEqual(await outcome(unknown, 'alice'), [502, 'delegation-service-unknown'])
    const unlisted = await lab.proxy(toward(OTHER_SPN, eachConnection))
    assert.deepEqual(await outcome(unlisted, 'alice'), [403, 'delegation-refused'])
  })
}

test('an account the directory refuses is told so in a sentence, and signing in with a disabled account is a wrong password', async () => {
  const proxy = await lab.proxy()
  const { body } = await proxy.ask('/whoami', { headers: bearer(await proxy.bearerOf('sensitive1')) })
  assert.match(body, /Your account may not be delegated to the server/)
  const headers = basic('disabled1', lab.kdc.passwordOf('disabled1'))
  const { status, code } = await proxy.ask('/whoami', { headers })
  assert.deepEqual([status, code], [401, 'password-wrong'])
})

test('why a password, a ticket or an account was refused is told apart in the log, and in the answer where that gives nothing away', async () => {
  const proxy = await lab.proxy()
  const create = (name: string, ...more: string[]) =>
    lab.kdc.sambaTool('user', 'create', name, 'Fresh-Passw0rd', ...more)
  await create('changer', '--must-change-at-next-login')
  await create('ended')
  await lab.kdc.sambaTool('user', 'setexpiry', 'ended', '--days=-1')
  const reasonOf = async (headers: Readonly<Record<string, string>>) => {
    const { code, body, headers: answered } = await proxy.ask('/whoami', { headers })
    const id = answered['x-request-id']
    const record = await proxy.logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
    assert.doesNotMatch(body, /KRB-ERROR|NTSTATUS/)
    return [code, record['error.message']]
  }
  assert.deepEqual(await reasonOf(basic('changer', 'Fresh-Passw0rd')), [
    'password-must-change',
    'password: password-must-change (KRB-ERROR 23, NTSTATUS C0000224 (passwordMustChange))',
  ])
  assert.deepEqual(await reasonOf(basic('ended', 'Fresh-Passw0rd')), [
    'password-wrong',
    'password: client-expired (KRB-ERROR 18, NTSTATUS C0000193 (accountExpired))',
  ])
  assert.deepEqual(await reasonOf(basic('disabled1', lab.kdc.passwordOf('disabled1'))), [
    'password-wrong',
    'password: client-disabled (KRB-ERROR 18, NTSTATUS C0000072 (accountDisabled))',
  ])
  assert.deepEqual(await reasonOf(basic('carol', 'a wrong one')), [
    'password-wrong',
    'password: password-wrong (KRB-ERROR 24)',
  ])
  assert.deepEqual(await reasonOf(bearer(await proxy.bearerOf('nobody'))), [
    'delegation-account-unknown',
    's4u2self: client-unknown (KRB-ERROR 6)',
  ])
  assert.deepEqual(await reasonOf(negotiate('YIIB')), ['negotiate-refused', 'accept: token-defective'])
})

/** A server that refuses every identity; `tokens` holds what it was shown. */
async function startRefusingOrigin() {
  const tokens: string[] = []
  const server = createServer((request: IncomingMessage, response) => {
    tokens.push(request.headers.authorization ?? '')
    request.resume().on('end', () => {
      response.setHeader('WWW-Authenticate', ['Negotiate', 'NTLM', 'Basic realm="inside"'])
      response.writeHead(401, { 'Set-Cookie': 'inside=1' }).end('inside')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const host: OriginHost = { url: `http://127.0.0.1:${port}`, address: '127.0.0.1', port, resolve: '' }
  const close = () => {
    server.closeAllConnections()
    return new Promise(resolve => server.close(resolve))
  }
  return { host, tokens, close }
}

for (const eachConnection of MODES) {
  test(`a 401 of the server to an identity of ours is 502 with a code, never relayed (a token for each ${eachConnection ? 'connection' : 'request'})`, async () => {
    const origin = await startRefusingOrigin()
    try {
      const proxy = await lab.proxy({ ...toward('HTTP/devops.corp.test', eachConnection), upstream: origin.host })
      const headers = bearer(await proxy.bearerOf('alice'))
      for (const method of ['GET', 'POST']) {
        const answer = await proxy.ask('/whoami', { method, headers, content: method === 'POST' ? 'x' : '' })
        assert.deepEqual([answer.status, answer.code], [502, 'upstream-identity-refused'])
        assert.deepEqual([answer.all('www-authenticate'), answer.all('set-cookie')], [[], []])
        assert.doesNotMatch(answer.body, /inside/)
      }
      const shown = origin.tokens.filter(token => token.startsWith('Negotiate '))
      assert.equal(new Set(shown).size, shown.length, 'a token was shown twice')
      assert.equal(shown.length, origin.tokens.length, 'a request went without identity')
    } finally {
      await origin.close()
    }
  })
}
