/** UPNs of another suffix where others than the OP and clients say them: certificates, the server, and operators. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { startEchoOrigin } from '../../devkit/origin/echo-origin.ts'
import { PROXY_NAME } from '../../devkit/realm/lab-accounts.ts'
import { runCommand, tryCommand } from '../../devkit/realm/run-command.ts'
import { createCertificate } from '../../devkit/torhaus/certificate.ts'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'
import { type ClientIdentity, createClientAuthorities, upnAndMail } from '../certificates/client-authority.ts'
import { basic, bearer, negotiate, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

const UPN = 'Ada@other.example'
const STRICT = { name: 'guarded', when: { path: '/whoami/guarded', account: 'lovelace' }, require: 'refuse' }
const opened = new AsyncDisposableStack()
let lab: ProxyLab

before(async () => {
  lab = await startProxyLab({
    accounts: [
      { name: 'lovelace', password: 'lovelace-Passw0rd', userPrincipalName: 'ada@other.example' },
      { name: 'ada', password: 'ada-Passw0rd' },
    ],
  })
  opened.defer(() => lab.close())
})
after(() => opened.disposeAsync())

const resolving = (kerberos: object) => ({ ...kerberos, upnSuffixes: ['other.example'] })

async function byCertificate(proxy: LabProxy, { cert, key }: ClientIdentity, path: string, headers: object = {}) {
  const asked = request({
    ...{ host: '127.0.0.1', port: proxy.port, path, cert, key, agent: false, timeout: 60_000 },
    ...{ headers: { host: `${PROXY_NAME}:${proxy.port}`, ...headers }, rejectUnauthorized: false },
  }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const body = await text(answer)
  return [answer.statusCode, answer.headers['x-torhaus-error'] ?? body]
}

test('a certificate that names one is that of the account: for the server, for rules, and beside other credentials', async () => {
  const authorities = opened.use(createClientAuthorities())
  const own = await createCertificate(`DNS:${PROXY_NAME}`)
  opened.defer(() => own.remove())
  const proxy = await lab.proxy({
    configure: config => ({
      ...config,
      publicUrl: config.publicUrl.replace('http:', 'https:'),
      kerberos: resolving(config.kerberos),
      listener: {
        ...config.listener,
        tls: {
          ...{ certificateFile: own.certificateFile, privateKeyFile: own.privateKeyFile },
          clientCertificates: {
            ...{ caFile: authorities.root.certificateFile, mode: 'require', accountFrom: ['upn'], firstFactor: true },
          },
        },
      },
      secondFactor: {
        ...config.secondFactor,
        rules: [
          STRICT,
          {
            name: 'one',
            reason: 'what else is tried elsewhere',
            when: { schemes: ['certificate'] },
            require: 'first-factor',
          },
        ],
      },
    }),
  })
  const named = (upn: string) => authorities.root.sign('somebody', { extensions: upnAndMail(upn, 'x@mail.example') })
  const ada = named(UPN)
  for (const _round of [1, 2]) {
    assert.deepEqual(await byCertificate(proxy, ada, '/whoami'), [200, seenAs('lovelace')])
    assert.deepEqual(await byCertificate(proxy, ada, '/whoami/guarded'), [403, 'rule-refuses'])
  }
  assert.deepEqual(await byCertificate(proxy, named('nobody@other.example'), '/whoami'), [
    403,
    'client-certificate-unmapped',
  ])
  const token = async (name: string) => bearer(await proxy.bearerOf(name))
  assert.deepEqual(await byCertificate(proxy, ada, '/whoami', await token('lovelace')), [200, seenAs('lovelace')])
  assert.deepEqual(await byCertificate(proxy, ada, '/whoami', await token('ada')), [403, 'client-certificate-mismatch'])
})

test('a personal access token whose owner the server calls so is judged as that of the account', async () => {
  const origin = await startEchoOrigin()
  opened.defer(() => origin.close())
  const owners: Record<string, string> = { ada: UPN, nobody: 'nobody@other.example' }
  origin.answerWith((asked, response) => {
    const [, token = ''] = Buffer.from((asked.headers.authorization ?? '').slice(6), 'base64')
      .toString()
      .split(':')
    const owner = owners[token.replace(/x*$/, '')]
    const user = { id: 'b7a2f6c0-9d52-4b0e-8f55-6d1f4a0f3e33', uniqueName: owner }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(asked.url?.includes('connectionData') ? { authenticatedUser: user } : 'served'))
  })
  const proxy = await lab.proxy({
    upstream: { address: '127.0.0.1', port: origin.port },
    configure: config => ({
      ...config,
      upstream: { ...config.upstream, identity: { kind: 'header', header: { field: 'X-Account' } } },
      kerberos: resolving(config.kerberos),
      credentials: {
        ...config.credentials,
        ...{ personalAccessTokens: ['azure-devops'], patProof: { profile: 'azure-devops' } },
      },
      secondFactor: { ...config.secondFactor, rules: [STRICT] },
    }),
  })
  const byPat = async (owner: string, path: string) => {
    const { status, code } = await proxy.ask(path, { headers: basic('', owner.padEnd(52, 'x')) })
    return `${status} ${code}`
  }
  assert.equal(await byPat('ada', '/whoami'), '200 undefined')
  assert.equal(await byPat('ada', '/whoami/guarded'), '403 rule-refuses')
  assert.equal(await byPat('nobody', '/whoami'), '403 pat-unnamed')
})

test('an operator finds, and ends, the sessions of the account by it; where it is nobody’s, the answer says what to write', async () => {
  const proxy = await lab.proxy({
    configure: config => ({ ...config, kerberos: resolving(config.kerberos) }),
  })
  const browser = { accept: 'text/html', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0' }
  const opening = await proxy.ask('/whoami', { headers: { ...browser, ...negotiate(await lab.token('lovelace')) } })
  assert.equal(opening.all('set-cookie').length, 1)
  const sessions = (...args: readonly string[]) => [torhausCommand, 'sessions', ...args, '--config', proxy.configFile]
  const node = process.execPath
  const listed = await runCommand(node, sessions('list', '--account', UPN))
  assert.match(listed, /^sessions: 1\n.*\n {2}lovelace {2}session since/s)
  assert.match(await runCommand(node, sessions('end', '--account', UPN)), /^account lovelace\nsessions ended: 1\n/m)
  const nobody = await tryCommand(node, sessions('end', '--account', 'nobody@other.example'))
  assert.notEqual(nobody.code, 0)
  assert.match(
    nobody.stdout,
    /nothing has ended.*\nthe directory does not say whose UPN that is .*: give the account name/,
  )
})
