/** What an OP may say at a sign-in, and at the refresh after it. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { base64url, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { Telling, Truth } from '../op/lying-op.ts'
import type { Module } from './module.ts'
import type { RpUnderTest } from './rp-under-test.ts'

const REFUSES = 'refuses: op-response-invalid'
/** From when on a session waits for the OP: `refreshIntervalSeconds` and `refreshGraceSeconds`. */
const OVERDUE_MS = 1_500_000

type Act = (rp: RpUnderTest) => void | Promise<void>

const signingIn = (act: Act) => async (rp: RpUnderTest) => {
  await act(rp)
  return rp.signIn()
}

const accepted = (name: string, op: string, act: Act = () => undefined): Module => ({
  ...{ name, op, expected: 'signs in', seen: 'signs in', play: signingIn(act) },
})

const refused = (name: string, op: string, act: Act, seen = REFUSES): Module => ({
  ...{ name, op, expected: 'refuses', seen, play: signingIn(act) },
})

/** The RP may do both: here it refuses. */
const refusedAtWill = (name: string, op: string, act: Act): Module => ({
  ...{ name, op, expected: 'signs in or refuses', seen: REFUSES, play: signingIn(act) },
})

/** The claims as they should be, but for these; undefined leaves one out. */
const claiming =
  (lies: Readonly<Record<string, unknown>>): Act =>
  rp =>
    rp.tell(({ sign, header, claims }) => sign(header, { ...claims, ...lies }))

const unsigned = ({ claims }: Truth) =>
  `${base64url.encode(JSON.stringify({ alg: 'none' }))}.${base64url.encode(JSON.stringify(claims))}.`

const tampered: Telling = async ({ sign, header, claims }) => {
  const token = await sign(header, claims)
  const at = token.lastIndexOf('.') + 1
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
}

const serving =
  (...keys: readonly JWK[]): RequestListener =>
  (_, response) =>
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ keys }))

const withoutKid = ({ kid: _, ...key }: JWK): JWK => key

async function newPublicKey(alg: string): Promise<JWK> {
  return { ...(await exportJWK((await generateKeyPair(alg)).publicKey)), alg, use: 'sig' }
}

/** Neither its tokens nor its keys have a `kid`. */
const withoutKids =
  (...others: readonly string[]): Act =>
  async ({ op, tell, restart }) => {
    const more = await Promise.all(others.map(newPublicKey))
    op.answerAt('/jwks', serving(...more, withoutKid(op.publicKey)))
    tell(({ sign, claims }) => sign({ alg: 'RS256' }, claims))
    await restart()
  }

const algorithmNone = refusedAtWill('oidcc-client-test-idtoken-sig-none', 'does not sign the ID token', rp =>
  rp.tell(unsigned),
)

export const honest = accepted('oidcc-client-test', 'does everything right')

export const basicModules: readonly Module[] = [
  honest,
  refused('oidcc-client-test-invalid-iss', 'names another `iss`', claiming({ iss: 'https://other.example' })),
  refused('oidcc-client-test-missing-sub', 'leaves `sub` out', claiming({ sub: undefined })),
  refused('oidcc-client-test-invalid-aud', 'names another `aud`', claiming({ aud: 'somebody-else' })),
  refused('oidcc-client-test-missing-iat', 'leaves `iat` out', claiming({ iat: undefined })),
  accepted(
    'oidcc-client-test-kid-absent-single-jwks',
    'has one key, and says `kid` neither there nor in the ID token',
    withoutKids(),
  ),
  refusedAtWill(
    'oidcc-client-test-kid-absent-multiple-jwks',
    'has two keys that would do, and no `kid` anywhere',
    withoutKids('RS256'),
  ),
  accepted('oidcc-client-test-idtoken-sig-rs256', 'signs with RS256'),
  algorithmNone,
  refused('oidcc-client-test-invalid-sig-rs256', 'spoils the signature (RS256)', rp => rp.tell(tampered)),
  refused(
    'oidcc-client-test-userinfo-invalid-sub',
    'names another `sub` at userinfo',
    rp => rp.sayAtUserinfo({ sub: 'subject-of-eve', preferred_username: 'ada' }),
    `${REFUSES}, after userinfo`,
  ),
  refused('oidcc-client-test-nonce-invalid', 'names another `nonce`', claiming({ nonce: 'of another sign-in' })),
  accepted('oidcc-client-test-scope-userinfo-claims', 'has the claims of the scopes at userinfo alone', rp =>
    rp.op.respond(() => {
      if (!/\bprofile\b/.test(rp.op.asked.get('scope') ?? '')) throw new Error('no scope was asked for')
    }),
  ),
  accepted('oidcc-client-test-client-secret-basic', 'takes the secret in Basic alone'),
]

/** Beside those that other plans have, too. */
export const comprehensiveModules: readonly Module[] = [
  refused('oidcc-client-test-missing-aud', 'leaves `aud` out', claiming({ aud: undefined })),
  refused('oidcc-client-test-invalid-sig-hs256', 'signs with HS256, and another secret', rp =>
    rp.tell(({ sign, claims }) => sign({ alg: 'HS256' }, claims, randomBytes(32))),
  ),
  refused('oidcc-client-test-invalid-sig-es256', 'signs with ES256, and another key than it publishes', async rp => {
    const key = { ...(await newPublicKey('ES256')), kid: randomUUID() }
    const { privateKey } = await generateKeyPair('ES256')
    rp.describe({ id_token_signing_alg_values_supported: ['ES256'] })
    rp.op.answerAt('/jwks', serving(rp.op.publicKey, key))
    rp.tell(({ sign, claims }) => sign({ alg: 'ES256', kid: key.kid }, claims, privateKey))
    await rp.restart()
  }),
  accepted('oidcc-client-test-userinfo-bearer-header', 'takes the access token in the Authorization field'),
]

export const configModules: readonly Module[] = [
  accepted('oidcc-client-test-discovery-openid-config', 'has its endpoints where its metadata say', async rp => {
    const elsewhere = `/${randomUUID()}/userinfo`
    rp.describe({ userinfo_endpoint: rp.op.issuer + elsewhere })
    rp.op.answerAt('/userinfo')
    rp.sayAtUserinfo({ sub: 'subject-of-ada', preferred_username: 'ada' }, elsewhere)
    await rp.restart()
  }),
  accepted('oidcc-client-test-discovery-jwks-uri-keys', 'has its keys where its metadata say', async rp => {
    const elsewhere = `/${randomUUID()}/keys`
    const { publicKey, issuer } = rp.op
    rp.describe({ jwks_uri: issuer + elsewhere })
    rp.op.answerAt('/jwks', (_, response) => response.writeHead(404).end())
    rp.op.answerAt(elsewhere, serving(publicKey))
    await rp.restart()
  }),
  refused('oidcc-client-test-discovery-issuer-mismatch', 'calls itself otherwise in its metadata', async rp => {
    rp.describe({ issuer: 'https://other.example' })
    await rp.restart()
  }),
  algorithmNone,
  accepted('oidcc-client-test-signing-key-rotation-just-before-signing', 'changes its key while it signs', async rp => {
    await rp.open()
    rp.tell(async ({ sign, claims }) => {
      await rp.op.exchangeKeys('withdrawn')
      return sign(rp.op.header, claims)
    })
  }),
  accepted('oidcc-client-test-signing-key-rotation', 'changes its key after a first sign-in', async rp => {
    await rp.open()
    await rp.op.exchangeKeys('withdrawn')
  }),
]

export const thirdPartyModules: readonly Module[] = [
  {
    ...accepted('oidcc-client-test-3rd-party-init-login', 'sends the browser to `/.torhaus/sign-in`, with `iss`'),
    play: rp => rp.signIn(undefined, `/.torhaus/sign-in?${new URLSearchParams({ iss: rp.op.issuer })}`),
  },
]

/** A session that must ask the OP before it goes on; what the OP then says. */
const refreshing = (act: Act) => async (rp: RpUnderTest) => {
  const browser = await rp.open()
  await act(rp)
  const before = rp.op.requests.refreshes
  rp.later(OVERDUE_MS)
  const answer = await browser.send(`${rp.url}/page`, { fields: { 'Sec-Fetch-Mode': 'cors' } })
  if (rp.op.requests.refreshes !== before + 1) return 'does not ask'
  return answer.status === 200 ? 'goes on' : `refuses: ${answer.headers.get('x-torhaus-error')}`
}

const refreshRefused = (name: string, op: string, lies: Readonly<Record<string, unknown>>): Module => ({
  ...{ name, op, expected: 'refuses', seen: 'refuses: session-ended', play: refreshing(claiming(lies)) },
})

export const refreshModules: readonly Module[] = [
  {
    ...{ name: 'oidcc-client-test-refresh-token', op: 'gives new tokens for the refresh token', expected: 'goes on' },
    ...{ seen: 'goes on', play: refreshing(() => undefined) },
  },
  refreshRefused('oidcc-client-test-refresh-token-invalid-issuer', 'names another `iss` at the refresh', {
    iss: 'https://other.example',
  }),
  refreshRefused('oidcc-client-test-refresh-token-invalid-sub', 'names another `sub` at the refresh', {
    sub: 'subject-of-eve',
  }),
]
