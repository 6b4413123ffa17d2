/** No credentials, and credentials that prove nothing: of another issuer, expired, forged, or of one factor. */
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { type Attack, request } from '../attack.ts'

const anonymous: readonly Attack[] = [
  ...['GET /', 'HEAD /', 'POST /', 'PUT /x', 'DELETE /x', 'PROPFIND /', 'OPTIONS /'].map(line =>
    request(`nobody: ${line}`, 'plain', line),
  ),
  request('nobody: git', 'plain', 'GET /tfs/_git/r/info/refs?service=git-upload-pack', ['User-Agent: git/2.47.0']),
  request('nobody: an agent that says so', 'plain', 'GET /tfs/_apis/projects', ['User-Agent: VSServices/19.0']),
  request('nobody: a name in the query', 'plain', 'GET /?access=/tfs/_apis/oauth2/token'),
  request('nobody: the exempt path with another method', 'plain', 'GET /tfs/_apis/oauth2/token'),
  request('nobody: the exempt path, continued', 'plain', 'POST /tfs/_apis/oauth2/token/../projects', [
    'Content-Length: 0',
  ]),
  request('nobody: a session made up', 'plain', 'GET /', [`Cookie: torhaus=${'A'.repeat(43)}`]),
  request('nobody: an empty session', 'plain', 'GET /', ['Cookie: torhaus=']),
  request('nobody: a cookie of the server', 'plain', 'GET /', ['Cookie: FedAuth=abc; UserAuthentication=def']),
]

const SCHEMES = [
  ...['Basic', 'Basic !!!!', 'Basic OnNob3J0', 'Bearer', 'Bearer x', 'Bearer a.b.c', 'Negotiate YII=', 'Digest a="b"'],
  ...[
    'Negotiate TlRMTVNTUAABAAAA',
    'NTLM TlRMTVNTUAABAAAA',
    'AWS4-HMAC-SHA256 x',
    'token x',
    ',Bearer x',
    'Bearer  x y',
  ],
]

const useless: readonly Attack[] = SCHEMES.map(value =>
  request(`useless: ${value}`, 'plain', 'GET /', [`Authorization: ${value}`]),
)

type Claims = Readonly<Record<string, unknown>>

const nowS = () => Math.floor(Date.now() / 1000)

const CLAIMS: Readonly<Record<string, (issuer: string) => Claims>> = {
  'one factor': () => ({ acr: 'urn:one-factor', amr: ['pwd'] }),
  'no acr': () => ({ acr: undefined, amr: undefined }),
  expired: () => ({ iat: nowS() - 7200, exp: nowS() - 3600 }),
  'not valid yet': () => ({ nbf: nowS() + 3600 }),
  'no expiry': () => ({ exp: undefined }),
  'an expiry beyond all times': () => ({ exp: 1e300 }),
  'another audience': () => ({ aud: 'somebody-else' }),
  'no audience': () => ({ aud: undefined }),
  'another issuer': issuer => ({ iss: `${issuer}.example` }),
  'an issuer with a slash more': issuer => ({ iss: `${issuer}/` }),
  'a stale second factor': () => ({ auth_time: nowS() - 400_000 }),
  'a second factor from the future': () => ({ auth_time: nowS() + 86_400 }),
  'no time of authentication': () => ({ auth_time: undefined }),
}

const claimed: readonly Attack[] = Object.entries(CLAIMS).map(([name, claims]) => ({
  name: `token: ${name}`,
  setting: 'plain',
  run: async ({ op, host, send }) => {
    const token = await op.issueAccessToken('ada', claims(op.issuer))
    return send(`GET / HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  },
}))

/** The right claims under a signature of the attacker's. */
const SIGNATURES: Readonly<Record<string, (publicKey: JWK) => Promise<{ header: Claims; key?: JWK | Uint8Array }>>> = {
  none: async () => ({ header: { alg: 'none' } }),
  'a key of the attacker': async () => ({ header: { alg: 'RS256' }, key: await ownKey() }),
  'a key of the attacker, brought along': async () => {
    const key = await ownKey()
    return { header: { alg: 'RS256', kid: 'own', jwk: key }, key }
  },
  'the public key as a shared secret': async publicKey => ({
    header: { alg: 'HS256' },
    key: new TextEncoder().encode(JSON.stringify(publicKey)),
  }),
  'a place to fetch the key from': async () => ({
    header: { alg: 'RS256', jku: 'http://127.0.0.1:1/jwks' },
    key: await ownKey(),
  }),
}

async function ownKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { ...(await exportJWK(privateKey)), alg: 'RS256' }
}

const forged: readonly Attack[] = Object.entries(SIGNATURES).map(([name, sign]) => ({
  name: `token: signed with ${name}`,
  setting: 'plain',
  run: async ({ op, host, send }) => {
    const genuine = await op.issueAccessToken('ada')
    const claims = JSON.parse(Buffer.from(genuine.split('.')[1] ?? '', 'base64url').toString())
    const [{ n, e, kty } = {}] = op.jwks.keys as readonly JWK[]
    const { header, key } = await sign({ kty: kty ?? 'RSA', ...(n && { n }), ...(e && { e }) })
    const token = await op.signJwt({ typ: 'at+jwt', ...header }, claims, key)
    return send(`GET / HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  },
}))

/** With another character there, whatever it was. */
const changedAt = (token: string, at: number) =>
  token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)

/** A token with a signature of another, or cut. */
const MANGLED: Readonly<Record<string, (token: string) => string>> = {
  'without its signature': token => token.slice(0, token.lastIndexOf('.') + 1),
  'with a byte changed': token => changedAt(token, token.lastIndexOf('.') + 1),
  'with other claims': token => {
    const [header, claims, signature] = token.split('.')
    const changed = { ...JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()), preferred_username: 'root' }
    return [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.')
  },
  'as the password of Basic, changed': token => changedAt(token, token.length - 2),
}

const mangled: readonly Attack[] = Object.entries(MANGLED).map(([name, mangle]) => ({
  name: `token: ${name}`,
  setting: 'plain',
  run: async ({ op, host, send }) => {
    const token = mangle(await op.issueAccessToken('ada'))
    const field = name.includes('Basic') ? `Basic ${Buffer.from(`x:${token}`).toString('base64')}` : `Bearer ${token}`
    return send(`GET / HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${field}\r\n\r\n`)
  },
}))

export const credentialAttacks: readonly Attack[] = [...anonymous, ...useless, ...claimed, ...forged, ...mangled]
