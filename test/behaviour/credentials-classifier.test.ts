import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { serverTokenIssuer } from '../../devkit/origin/identity.ts'
import { basic, type ProxyUnderTest, samplePat, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const otherPat = 'rqxcigecftsanughied6m3fq4szlh5gvrwbhwy4g2lew45qoqgnq'
const longPat = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZJQQJ99BCACAAAAAAAAAAAAAAAZDO1a2b'
const jwt = (claims: object, alg = 'none') =>
  [{ alg, typ: 'JWT' }, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
const issuer = () => proxy.fixture.op.issuer
const ntlm = Buffer.from('NTLMSSP\0\x01\0\0\0').toString('base64')

type Row = [field: string | (() => string | Promise<string>), scheme: string, answer: string]

/** What a client presents, what it is taken for, and the code it gets; `passes`: it reaches the origin. */
const table: Record<string, Row> = {
  nothing: ['X: y', 'none', 'credentials-missing'],
  'empty Basic, as git sends it': [basic('', ''), 'none', 'credentials-missing'],
  'a PAT as password': [basic('', samplePat), 'pat', 'passes'],
  'a PAT as password of PAT': [basic('PAT', otherPat), 'pat', 'passes'],
  'a PAT as password of VstsAgent': [basic('VstsAgent', samplePat), 'pat', 'passes'],
  'a long PAT as password': [basic('x', longPat), 'pat', 'passes'],
  'a PAT as Bearer': [`Authorization: Bearer ${samplePat}`, 'pat', 'passes'],
  'a PAT as user name': [basic(samplePat, ''), 'basic', 'password-unavailable'],
  'a PAT one letter short': [basic('', samplePat.slice(1)), 'basic', 'password-unavailable'],
  'a PAT in capitals': [basic('', samplePat.toUpperCase()), 'basic', 'password-unavailable'],
  'the scheme in lower case': [basic('', samplePat).replace('Basic', 'basic'), 'pat', 'passes'],
  'the scheme in capitals': [basic('', samplePat).replace('Basic', 'BASIC'), 'pat', 'passes'],
  'a directory password': [basic('CORP\\ada', 'correct horse'), 'basic', 'password-unavailable'],
  'a password with a colon': [basic('ada', 'a:b:c'), 'basic', 'password-unavailable'],
  'a token of the OP': [
    async () => `Authorization: Bearer ${await proxy.fixture.op.issueAccessToken('ada')}`,
    'bearer',
    'passes',
  ],
  'a token of the OP, scheme in lower case': [
    async () => `AUTHORIZATION: bearer ${await proxy.fixture.op.issueAccessToken('ada')}`,
    'bearer',
    'passes',
  ],
  'a token of the OP as password': [
    async () => basic('OAUTH_USER', await proxy.fixture.op.issueAccessToken('ada')),
    'bearer',
    'passes',
  ],
  'a token of the OP without second factor': [
    async () => `Authorization: Bearer ${await proxy.fixture.op.issueAccessToken('ada', { acr: undefined })}`,
    'bearer',
    'second-factor-missing',
  ],
  'an unsigned token of the OP': [
    () => `Authorization: Bearer ${jwt({ iss: issuer() })}.`,
    'bearer',
    'bearer-algorithm-refused',
  ],
  'an unsigned token of the OP as password': [
    () => basic('x', `${jwt({ iss: issuer() })}.`),
    'bearer',
    'bearer-algorithm-refused',
  ],
  'a token of the server': [
    `Authorization: Bearer ${jwt({ iss: serverTokenIssuer }, 'RS256')}.c2ln`,
    'server-token',
    'passes',
  ],
  'a token of the server as password': [
    basic('OAuth', `${jwt({ iss: serverTokenIssuer }, 'RS256')}.c2ln`),
    'server-token',
    'passes',
  ],
  'a token of an unknown issuer': [
    `Authorization: Bearer ${jwt({ iss: 'https://evil.example' }, 'RS256')}.c2ln`,
    'unsupported',
    'token-unknown',
  ],
  'a token of an issuer that begins like the OP': [
    () => `Authorization: Bearer ${jwt({ iss: `${issuer()}/` }, 'RS256')}.c2ln`,
    'unsupported',
    'token-unknown',
  ],
  'a token without issuer': [`Authorization: Bearer ${jwt({}, 'RS256')}.c2ln`, 'unsupported', 'token-unknown'],
  'an opaque Bearer token': ['Authorization: Bearer opaque', 'unsupported', 'token-unknown'],
  'Bearer without a token': ['Authorization: Bearer', 'unsupported', 'token-unknown'],
  'Negotiate with Kerberos': ['Authorization: Negotiate YIIB', 'negotiate', 'negotiate-unavailable'],
  'Negotiate with NTLM': [`Authorization: Negotiate ${ntlm}`, 'ntlm', 'ntlm-unsupported'],
  NTLM: [`Authorization: NTLM ${ntlm}`, 'ntlm', 'ntlm-unsupported'],
  Digest: ['Authorization: Digest username="x"', 'unsupported', 'scheme-unsupported'],
  'an unknown scheme': ['Authorization: Hawk id="x"', 'unsupported', 'scheme-unsupported'],
  'Basic that is no base64': ['Authorization: Basic !!!', 'unread', 'authorization-malformed'],
  'Basic without a colon': [
    `Authorization: Basic ${Buffer.from('nocolon').toString('base64')}`,
    'unread',
    'authorization-malformed',
  ],
  'an empty Authorization': ['Authorization:', 'unread', 'authorization-malformed'],
  'a list of credentials': [`${basic('', samplePat)}, Bearer x`, 'unread', 'authorization-malformed'],
}

for (const [what, [field, scheme, answer]] of Object.entries(table)) {
  test(`${what} is taken for ${scheme} and ${answer === 'passes' ? 'passes' : `refused with ${answer}`}`, async () => {
    const seen = proxy.origin.requests.length
    const response = await proxy.ask('GET /x', [typeof field === 'string' ? field : await field()])
    const record = await proxy.record(response)
    assert.equal(response.one('X-Torhaus-Error') ?? 'passes', answer)
    assert.equal(record['torhaus.scheme'] ?? 'unread', scheme)
    assert.equal(proxy.origin.requests.length - seen, answer === 'passes' ? 1 : 0)
  })
}

test('an Authorization field counts more than a session cookie', async () => {
  const response = await proxy.ask('GET /', ['Cookie: torhaus=whatever', 'Authorization: Bearer opaque'])
  assert.equal(response.one('X-Torhaus-Error'), 'token-unknown')
})

test('no user agent opens a door (oauth2-proxy CVE-2026-34457)', async () => {
  for (const agent of ['GoogleHC/1.0', 'kube-probe/1.30', 'git/2.50', 'VstsAgentCore-linux/4', 'Prometheus/3'])
    assert.equal((await proxy.ask('GET /', [`User-Agent: ${agent}`])).status, 401, agent)
})
