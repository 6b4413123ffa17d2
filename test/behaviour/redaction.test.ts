import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import type { RawResponse } from '../../devkit/clients/raw-http.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { basic, configured, type ProxyUnderTest, samplePat, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
let directory: string
const responses: string[] = []
/** What must never be seen where, by name: `client`, `origin` and `record` (log and metrics). */
const secrets = new Map<string, string>()
const password = 'the directory password of ada'
const sessionKey = randomBytes(32).toString('base64')

const asText = ({ fields, text, statusLine }: RawResponse) => `${statusLine}\n${fields.flat().join('\n')}\n${text}`

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-redaction-'))
  await writeFile(join(directory, 'session-key'), sessionKey)
  proxy = await startProxy({
    configure: config => ({
      ...configured()(config),
      session: { ...config.session, encryptionKeyFiles: [join(directory, 'session-key')] },
      logging: { level: 'trace', trace: true },
    }),
  })
  await collectSecrets()
  await driveThemThrough()
})
after(async () => {
  await proxy.close()
  await rm(directory, { recursive: true })
})

async function collectSecrets(): Promise<void> {
  const { fixture } = proxy
  const landing = `${fixture.url}/landing`
  const start = `${fixture.url}/.torhaus/sign-in?return_to=/landing`
  const page = await signIn(new BrowserClient(), start, fixture.users.ada, url => url === landing)
  const cookie = page.headers.getSetCookie().find(line => line.startsWith('torhaus='))
  secrets.set('session', /^torhaus=([^;]+)/.exec(cookie ?? '')?.[1] ?? assert.fail('no session'))
  secrets.set('bearer', await fixture.op.issueAccessToken('ada'))
  secrets.set('expired bearer', await fixture.op.issueAccessToken('ada', { exp: 1_000_000_000 }))
  secrets.set('bearer with one factor', await fixture.op.issueAccessToken('carol', { acr: undefined }))
  secrets.set('bearer of nobody', `${(await fixture.op.issueAccessToken('ada')).slice(0, -20)}AAAAAAAAAAAAAAAAAAAA`)
  secrets.set('pat', samplePat)
  secrets.set('pat in Basic', Buffer.from(`x:${samplePat}`).toString('base64'))
  secrets.set('password', password)
  secrets.set('password in Basic', Buffer.from(`ada:${password}`).toString('base64'))
  secrets.set('Negotiate token', randomBytes(300).toString('base64'))
  secrets.set('proxy credentials', randomBytes(12).toString('hex'))
  secrets.set('query', 'query-secret-value')
  secrets.set('code', 'authorization-code-value')
  secrets.set('content', 'secret-in-the-content')
  secrets.set('session key', sessionKey)
}

const secret = (name: string) => secrets.get(name) ?? assert.fail(name)

/** Each kind of secret in each kind of request. */
async function driveThemThrough(): Promise<void> {
  const credentials = [
    ...['bearer', 'expired bearer', 'bearer with one factor', 'bearer of nobody', 'pat'].flatMap(name => [
      `Authorization: Bearer ${secret(name)}`,
      basic('user', secret(name)),
    ]),
    `Authorization: Basic ${secret('pat in Basic')}`,
    basic('ada', password),
    `Authorization: Negotiate ${secret('Negotiate token')}`,
    `Authorization: Hawk ${secret('proxy credentials')}`,
    `Authorization: Basic ${secret('proxy credentials')}\t${secret('Negotiate token')}!`,
    `Cookie: torhaus=${secret('session')}`,
    `Cookie: torhaus=${secret('session')}; torhaus-sign-in=${secret('session')}`,
  ]
  const requests: [line: string, ...fields: string[]][] = [
    [`GET /page?token=${secret('query')}`, 'Accept: text/html', 'User-Agent: Mozilla/5.0'],
    [`GET /api?token=${secret('query')}`, 'Accept: application/json'],
    ['GET /git/info/refs', 'User-Agent: git/2.50'],
    [`GET /.torhaus/callback?code=${secret('code')}&state=${secret('code')}`],
    [`GET /.torhaus/unknown?code=${secret('code')}`],
    [`GET /a%zz?token=${secret('query')}`],
    [`GET /..%2f_apis/oauth2/token?token=${secret('query')}`],
    ['TRACE /', 'X: y'],
    [`OPTIONS /?token=${secret('query')}`, `Referer: http://x/?token=${secret('query')}`],
  ]
  for (const credential of credentials)
    for (const [line, ...fields] of requests) {
      const extra = [`Proxy-Authorization: Basic ${secret('proxy credentials')}`, ...fields]
      responses.push(asText(await proxy.ask(line, [credential, ...extra])))
    }
  for (const credential of credentials) {
    const content = ['Content-Length: 21']
    responses.push(asText(await proxy.ask('POST /x', [credential, ...content], secret('content'))))
    responses.push(asText(await proxy.ask('POST /x', [credential, credential, ...content], secret('content'))))
    responses.push(asText(await proxy.ask('POST /x', [credential, 'Bad Field: x', ...content], secret('content'))))
  }
}

/** Where each secret is seen: in the log, in the metrics, by clients, by the origin. */
async function seenIn(): Promise<Record<string, string[]>> {
  const places = {
    log: JSON.stringify(proxy.fixture.log),
    metrics: await (await fetch(`${proxy.fixture.adminUrl}/metrics`)).text(),
    client: responses.join('\n').replaceAll(/"(?:fields|text|target)":.*/g, ''),
    origin: JSON.stringify(proxy.origin.requests.map(({ fields, target, text }) => ({ fields, target, text }))),
  }
  return Object.fromEntries(
    Object.entries(places).map(([place, text]) => [
      place,
      [...secrets].filter(([, value]) => text.includes(value)).map(([name]) => name),
    ]),
  )
}

test('no secret is in the log or the metrics', async () => {
  const { log, metrics } = await seenIn()
  assert.deepEqual({ log, metrics }, { log: [], metrics: [] })
})

test('the origin sees what passes through, and nothing else', async () => {
  const { origin } = await seenIn()
  assert.deepEqual(origin, ['pat', 'pat in Basic', 'query', 'content'])
})

test('no secret comes back to a client', async () => {
  assert.deepEqual((await seenIn()).client, [])
})

test('something was seen at all: each request left a record, and each way of signing in let one pass', () => {
  assert.ok(proxy.fixture.log.length > 150)
  assert.ok(proxy.origin.requests.some(request => request.all('X-Remote-Account').includes('ada')))
  const schemes = new Set(proxy.fixture.log.map(entry => entry['torhaus.scheme']))
  for (const scheme of ['session', 'bearer', 'pat', 'basic', 'negotiate', 'unsupported'])
    assert.ok(schemes.has(scheme), scheme)
})
