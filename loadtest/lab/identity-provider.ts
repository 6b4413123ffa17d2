/** The OP for a load test: users with a second factor, one client for each proxy that signs people in. */
import { execFileSync } from 'node:child_process'
import { createPrivateKey, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../../devkit/op/openid-provider.ts'
import { newTotpSecret } from '../../devkit/op/totp.ts'
import { type Page, signIn } from '../../devkit/op/user-agent.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { agreed, torhausAddresses, torhausClient } from '../../devkit/torhaus/torhaus-config.ts'

/** Longer than any load test runs. */
const ACCESS_TOKEN_LIFETIME_S = 86_400

export interface IdentityProvider {
  readonly issuer: string
  /** For each user a JWT access token (RS256) with the second factor, valid for longer than a load test runs. */
  readonly accessTokens: readonly string[]
  /** Likewise for any accounts, in their order: as the OP would give them to people that it does not know. */
  accessTokensFor(accounts: readonly string[]): Promise<string[]>
  readonly torhaus: Client
  readonly apache: RelyingParty
  readonly oauth2Proxy: RelyingParty
  /** Certificate of the signing key, for programs that take no JWK set over plain HTTP. */
  readonly certificate: { readonly keyId: string; readonly file: string }
  /**
   * For each user: goes to `start`, signs in with both factors until led to `page`; returns the Cookie field to use
   * there.
   */
  signIn(start: string, page: string): Promise<string[]>
  /**
   * A browser without cookies goes to `start` and signs the first user in with both factors; returns the page it ends
   * at.
   */
  newBrowser(start: string): Promise<Page>
  stop(): Promise<void>
}

interface RelyingParty extends Client {
  readonly redirectUri: string
}

interface Client {
  readonly port: number
  readonly id: string
  readonly secret: string
}

/** `proxyCa`: the proxies speak TLS, with certificates that this one has signed. */
export async function startIdentityProvider(
  directory: string,
  userNames: readonly string[] = ['ada'],
  proxyCa?: string,
): Promise<IdentityProvider> {
  const users = userNames.map(name => ({
    name,
    password: randomBytes(12).toString('hex'),
    totpSecret: newTotpSecret(randomBytes),
  }))
  const [first] = users
  if (first === undefined) throw new Error('an OP needs a user')
  const torhaus = await newClient(agreed.clientId)
  const scheme = proxyCa === undefined ? 'http' : 'https'
  const apache = await newRelyingParty('apache', scheme, '/oidc-callback')
  const oauth2Proxy = await newRelyingParty('oauth2-proxy', scheme, '/oauth2/callback')
  const op = await startOpenIdProvider({
    users,
    audience: agreed.audience,
    accessTokenLifetimeS: ACCESS_TOKEN_LIFETIME_S,
    clients: [
      torhausClient(torhausAddresses(torhaus.port, false, scheme), torhaus.secret),
      ...[apache, oauth2Proxy].map(({ id, secret, redirectUri }) => ({
        ...{ clientId: id, clientSecret: secret },
        redirectUris: [redirectUri],
      })),
    ],
  })
  return {
    issuer: op.issuer,
    accessTokens: await Promise.all(users.map(({ name }) => op.issueAccessToken(name))),
    accessTokensFor: accounts => Promise.all(accounts.map(account => tokenFor(op, first.name, account))),
    torhaus,
    apache,
    oauth2Proxy,
    certificate: certify(op, directory),
    signIn: (start, page) => Promise.all(users.map(user => cookiesOfSignIn(start, page, user, proxyCa))),
    newBrowser: start => signIn(new BrowserClient(proxyCa), start, first),
    stop: () => op.close(),
  }
}

function tokenFor(op: OpenIdProvider, userName: string, account: string): Promise<string> {
  const claims = { sub: op.subjectOf(account), preferred_username: account, name: account }
  return op.issueAccessToken(userName, { ...claims, email: `${account}@example.test` })
}

async function newClient(id: string): Promise<Client> {
  return { port: await freePort(), id, secret: randomBytes(24).toString('base64url') }
}

async function newRelyingParty(id: string, scheme: string, callback: string): Promise<RelyingParty> {
  const client = await newClient(id)
  return { ...client, redirectUri: `${scheme}://127.0.0.1:${client.port}${callback}` }
}

async function cookiesOfSignIn(
  start: string,
  page: string,
  user: Parameters<typeof signIn>[2],
  ca: string | undefined,
): Promise<string> {
  // The answer that leads back to the page sets the session cookie.
  const callback = await signIn(new BrowserClient(ca), start, user, next => next === page)
  const cookies = callback.headers.getSetCookie().map(cookie => cookie.split(';', 1)[0] ?? '')
  const set = cookies.filter(pair => !/^[^=]*=$/.test(pair))
  if (set.length === 0) throw new Error(`the sign-in at ${start} set no cookie: it ended with ${callback.status}`)
  return set.join('; ')
}

function certify(op: OpenIdProvider, directory: string) {
  const [jwk] = op.jwks.keys
  if (jwk?.kid === undefined) throw new Error('the OP has no key with an id')
  const keyFile = join(directory, 'op-key.pem')
  const file = join(directory, 'op-certificate.pem')
  writeFileSync(keyFile, createPrivateKey({ key: jwk, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  })
  const subject = ['-subj', '/CN=OpenID Provider', '-days', '2']
  execFileSync('openssl', ['req', '-x509', '-new', '-key', keyFile, '-out', file, ...subject], { stdio: 'pipe' })
  return { keyId: jwk.kid, file }
}
