/** Each row of docs/troubleshooting.md is provoked, and shows the message that the page names. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { CompactEncrypt, generateKeyPair, type JWK } from 'jose'
import { type Answer, BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/troubleshooting.md'), 'utf8')

interface Row {
  readonly code: string
  /** What the log says, with `...` for what differs. */
  readonly message: string
}

const rows: readonly Row[] = [...page.matchAll(/^\| `([a-z-]+)` \| `([^`]+)` \|/gm)].map(
  ([, code = '', message = '']) => ({ code, message }),
)

let op: LyingOp
let secure: LyingOp
let certificate: Certificate
let lab: SignInLab | undefined
/** A port where nobody listens. */
let nobody: number
before(async () => {
  op = await startLyingOp()
  nobody = await freePort()
  certificate = await createCertificate('IP:127.0.0.1')
  secure = await startLyingOp({ cert: certificate.certificate, key: certificate.privateKey })
})
afterEach(async () => {
  await lab?.close()
  lab = undefined
  for (const path of ['/token', '/userinfo', '/jwks']) op.answerAt(path)
  op.tell()
  op.respond()
  op.describe()
})
after(async () => {
  await Promise.all([op?.close(), secure?.close(), certificate?.remove()])
})

const json = (status: number, body: object) =>
  op.answerAt('/token', (_, response) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body)),
  )
const refuse = (error: string, description: string) =>
  op.respond(answer => {
    answer.delete('code')
    answer.set('error', error)
    answer.set('error_description', description)
  })
/** For a key that nobody has given us. */
async function encrypted(token: string): Promise<string> {
  const { publicKey } = await generateKeyPair('RSA-OAEP-256')
  const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' }
  return new CompactEncrypt(new TextEncoder().encode(token)).setProtectedHeader(header).encrypt(publicKey)
}
const twice = (key: JWK) => [key, key]
const nowS = () => Math.floor(Date.now() / 1000)
const tell = (changes: object) => op.tell(({ sign, header, claims }) => sign(header, { ...claims, ...changes }))

interface Cause {
  readonly oidc?: object
  readonly rest?: object
  readonly provoke?: () => void
  readonly issuer?: () => string
  /** A program sends an access token with these claims, in place of a person at a browser. */
  readonly token?: object
}

/** By the beginning of the message. */
const causes: Readonly<Record<string, Cause>> = {
  'token endpoint: 401 invalid_client: ...': {
    provoke: () => json(401, { error: 'invalid_client', error_description: 'no' }),
  },
  'token endpoint: 401 invalid_client: AADSTS7000222: ...': {
    provoke: () => json(401, { error: 'invalid_client', error_description: 'AADSTS7000222: expired' }),
  },
  'token endpoint: 400 invalid_grant ...': { provoke: () => json(400, { error: 'invalid_grant' }) },
  'authorization endpoint: access_denied: ...': { provoke: () => refuse('access_denied', 'the user said no') },
  'authorization endpoint: invalid_scope: ...': { provoke: () => refuse('invalid_scope', 'no such scope') },
  'metadata: the issuer is ..., not ...': {
    provoke: () => op.describe(right => ({ ...right, issuer: 'https://o.example' })),
  },
  'token endpoint: the issuer is ..., not ...': { provoke: () => tell({ iss: 'https://sts.windows.net/t/' }) },
  'token endpoint: exp is ... s ago by our clock: ...': {
    provoke: () => tell({ iat: nowS() - 900, exp: nowS() - 600 }),
  },
  'token endpoint: aud is ..., not ...': { provoke: () => tell({ aud: 'account' }) },
  'token endpoint: the answer is encrypted: ...': {
    provoke: () => op.tell(async ({ sign, header, claims }) => encrypted(await sign(header, claims))),
  },
  'ID token: it is signed with HS256; accepted: ...': {
    provoke: () => op.tell(({ sign, claims }) => sign({ alg: 'HS256' }, claims, new Uint8Array(32))),
  },
  'ID token: the OP publishes several keys for ..., ...': {
    provoke: () => op.answerAt('/jwks', (_, response) => response.end(JSON.stringify({ keys: twice(op.publicKey) }))),
  },
  'fetch failed ... (DEPTH_ZERO_SELF_SIGNED_CERT)': { issuer: () => secure.issuer },
  'fetch failed ... ECONNREFUSED ...': { issuer: () => `http://127.0.0.1:${nobody}` },
  'claims received: ... acr=missing, ... required: acr as configured, ...': { provoke: () => tell({ acr: undefined }) },
  'claims received: ... auth_time=missing; required: ...': { provoke: () => tell({ auth_time: undefined }) },
  'claims received: ...; auth_time cannot be read: ...': { provoke: () => tell({ auth_time: Date.now() }) },
  'claims received: ... auth_time is ... s ahead by our clock: ...': {
    provoke: () => tell({ auth_time: nowS() + 600, iat: nowS() + 600, exp: nowS() + 900 }),
  },
  'claims received: iss, ...; the account is ..., but ... is missing': {
    provoke: () => tell({ preferred_username: undefined }),
  },
  'groups is missing': {
    oidc: { idToken: { groups: ['groups'] } },
    rest: { groups: { require: ['staff'] } },
  },
  'groups is not in the token, because there are too many ...': {
    oidc: { idToken: { groups: ['groups'] } },
    rest: { groups: { require: ['staff'] } },
    provoke: () => tell({ _claim_names: { groups: 'src1' } }),
  },
  'groups received: ...': {
    oidc: { idToken: { groups: ['groups'] } },
    rest: { groups: { require: ['staff'] } },
    provoke: () => tell({ groups: ['guests'] }),
  },
  'userinfo endpoint: ...': {
    oidc: { userinfo: true },
    provoke() {
      op.describe(right => ({ ...right, userinfo_endpoint: `${op.issuer}/userinfo` }))
      op.answerAt('/userinfo', (_, response) => response.writeHead(403).end())
    },
  },
}

const ofPrograms: Readonly<Record<string, Cause>> = {
  'aud is ...; accepted: ...': { token: { aud: 'account' } },
  'aud is missing; accepted: ...': { token: { aud: undefined } },
  'the header has typ "JWT", the claim typ is "ID"; ...': { token: { typ: 'ID' } },
  'the header has typ "JWT", the claim typ is missing; accepted: strict; ...': {
    token: {},
    oidc: { bearer: { audiences: [agreed.audience], tokenTypes: 'strict' } },
  },
  'sub is missing': { token: { sub: undefined } },
  'roles is missing': {
    token: {},
    oidc: { accessToken: { groups: ['roles'] } },
    rest: { groups: { require: ['staff'] } },
  },
  'iss is ...; known issuers: ...': { token: { iss: 'https://sts.windows.net/t/' } },
}

test('every row has a cause that is tried, and every cause a row', () => {
  assert.deepEqual(rows.map(({ message }) => message).sort(), Object.keys({ ...causes, ...ofPrograms }).sort())
})

const patternOf = (message: string) =>
  new RegExp(
    message
      .split('...')
      .map(part => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*'),
    's',
  )

for (const { code, message } of rows.filter(row => row.message in causes)) {
  test(`${message}: ${code}, in the log and on the page`, async () => {
    const { oidc = {}, rest = {}, provoke, issuer = () => op.issuer } = causes[message] ?? {}
    provoke?.()
    lab = await startSignInLab({
      issuer: issuer(),
      configure: config => ({ ...config, ...rest, oidc: { ...config.oidc, ...oidc } }),
    })
    const end: Answer = await new BrowserClient().get(`${lab.url}/wanted`)
    assert.equal(codeOf(end), code)
    const id = end.headers.get('x-request-id') ?? ''
    const record = await lab.logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
    assert.match(String(record['error.message']), patternOf(message))
    // What the person can tell the help desk, and a way on.
    assert.ok(end.text.includes(id) && end.text.includes(code))
    assert.match(end.text, /<a class="button[^"]*" href="[^"]+"/)
  })
}

for (const { code, message } of rows.filter(row => row.message in ofPrograms)) {
  test(`${message}: ${code}, in the log, and the program gets the code`, async () => {
    const { oidc = {}, rest = {}, token = {} } = ofPrograms[message] ?? {}
    lab = await startSignInLab({
      issuer: op.issuer,
      configure: config => ({ ...config, ...rest, oidc: { ...config.oidc, ...oidc } }),
    })
    const right = { iss: op.issuer, aud: agreed.audience, sub: 's', preferred_username: 'ada', auth_time: nowS() }
    const claims = { ...right, iat: nowS(), exp: nowS() + 60, acr: 'urn:torhaus:acr:mfa', ...token }
    const jws = await op.sign({ ...op.header, typ: 'JWT' }, claims)
    const answer = await fetch(`${lab.url}/wanted`, { headers: { Authorization: `Bearer ${jws}` } })
    assert.deepEqual([answer.status, codeOf(answer)], [401, code])
    const id = answer.headers.get('x-request-id') ?? ''
    const record = await lab.logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
    assert.match(String(record['error.message']), patternOf(message))
    assert.ok(!JSON.stringify(record).includes(jws))
  })
}

test('a made-up issuer is written to the log without what would steer it, and not for ever', async () => {
  lab = await startSignInLab({ issuer: op.issuer })
  const jws = await op.sign({ ...op.header, typ: 'JWT' }, { iss: `\u001b[2J\n${'x'.repeat(9000)}`, sub: 's' })
  const answer = await fetch(`${lab.url}/wanted`, { headers: { Authorization: `Bearer ${jws}` } })
  assert.equal(codeOf(answer), 'token-unknown')
  const id = answer.headers.get('x-request-id') ?? ''
  const record = await lab.logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
  assert.match(String(record['error.message']), /^iss is {1,2}\[2J x{400,500}\.\.\.; known issuers: http/)
})

test('"Try again" begins a new sign-in, for the page that was wanted', async () => {
  json(503, { error: 'temporarily_unavailable' })
  lab = await startSignInLab({ issuer: op.issuer })
  const browser = new BrowserClient()
  const end = await browser.get(`${lab.url}/wanted?a=1`)
  const [, again = ''] = /href="([^"]+)">Try again/.exec(end.text) ?? []
  op.answerAt('/token')
  const arrived = await browser.get(new URL(again.replaceAll('&amp;', '&'), lab.url).href)
  assert.deepEqual([arrived.status, arrived.url], [200, `${lab.url}/wanted?a=1`])
})
