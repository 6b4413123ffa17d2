/** Torhaus as the relying party, and an OP that does what a module says, over sockets. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Answer, BrowserClient } from '../clients/browser-client.ts'
import { formOf } from '../op/form-post-page.ts'
import { type LyingOp, startLyingOp, type Telling } from '../op/lying-op.ts'
import { codeOf, SESSION_COOKIE, type SignInLab, startSignInLab } from '../torhaus/sign-in-lab.ts'
import type { Variant } from './module.ts'

export type RpUnderTest = {
  readonly op: LyingOp
  /** Without a slash at the end. */
  readonly url: string
  /** How ID tokens are made from now on, of claims without a person: these are at userinfo alone. */
  tell(idToken: Telling): void
  /** What userinfo says from now on. */
  sayAtUserinfo(claims: object, path?: string): void
  /** What the OP says of itself from now on, beside what is right. */
  describe(lies: object): void
  /** Signs in, and says what came of it. */
  signIn(browser?: BrowserClient, path?: string): Promise<string>
  /** A browser with a session. */
  open(): Promise<BrowserClient>
  /** Whether the session of that browser still opens anything. */
  isAlive(browser: BrowserClient): Promise<boolean>
  /** As after an update: nothing is remembered of the OP. */
  restart(): Promise<void>
  /** The clock of Torhaus goes on so far. */
  later(ms: number): void
  /** The OP is honest again. */
  reset(): Promise<void>
  close(): Promise<void>
}

const PERSON = { sub: 'subject-of-ada', preferred_username: 'ada' }
const FORM = 'application/x-www-form-urlencoded'

export async function startRpUnderTest(variant: Variant): Promise<RpUnderTest> {
  const op = await startLyingOp()
  /** Authorization fields that userinfo was sent. */
  let bearers: (string | undefined)[] = []
  /** What Torhaus has read of the OP may be a lie. */
  let mayBeWrong = false

  const tell = (idToken: Telling) =>
    op.tell(({ claims: { preferred_username: _, ...claims }, ...truth }) => idToken({ ...truth, claims }))
  const describe = (lies: object) => op.describe(right => ({ ...right, ...endpointsOf(op), ...lies }))
  const sayAtUserinfo = (claims: object, path = '/userinfo') =>
    op.answerAt(path, ({ headers: { authorization } }, response) => {
      bearers.push(authorization)
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(claims))
    })
  const beHonest = () => {
    describe({})
    op.respond()
    op.answerAt('/jwks')
    tell(({ sign, header, claims }) => sign(header, claims))
    sayAtUserinfo(PERSON)
  }
  // Torhaus reads the metadata as it starts.
  beHonest()

  const directory = await mkdtemp(join(tmpdir(), 'torhaus-conformance-'))
  let aheadMs = 0
  const lab = await startLab(op, variant, directory, () => Date.now() + aheadMs).catch(async (error: unknown) => {
    await op.close()
    await rm(directory, { recursive: true, force: true })
    throw error
  })
  const secret = (await readFile(join(dirname(lab.configFile), 'client-secret'), 'utf8')).trim()
  if (variant.clientAuthentication === 'client_secret_basic') op.acceptSecrets([secret])

  async function signIn(browser = new BrowserClient(), path = '/page'): Promise<string> {
    bearers = []
    const end = await submitted(browser, await browser.get(lab.url + path))
    const code = codeOf(end)
    const hasSession = browser.cookies.has(SESSION_COOKIE)
    if (code !== null) {
      const more = [...(bearers.length > 0 ? ['after userinfo'] : []), ...(hasSession ? ['with a session'] : [])]
      return [`refuses: ${code}`, ...more].join(', ')
    }
    const otherwise = differenceFrom(variant, op, bearers)
    if (otherwise !== undefined) return `signs in ${otherwise}`
    if (end.status !== 200 || !hasSession) return 'is lost'
    return lab.account() === 'ada' ? 'signs in' : 'signs in another'
  }

  return {
    ...{ op, tell, sayAtUserinfo, describe, signIn },
    url: lab.url,
    async open() {
      const browser = new BrowserClient()
      const seen = await signIn(browser)
      if (seen !== 'signs in') throw new Error(`an honest OP, and it ${seen}`)
      return browser
    },
    async isAlive(browser) {
      const copy = new BrowserClient()
      copy.plant(SESSION_COOKIE, browser.cookies.get(SESSION_COOKIE)?.value ?? '')
      return (await copy.send(`${lab.url}/`)).status === 200
    },
    async restart() {
      mayBeWrong = true
      await lab.restart()
    },
    later(ms) {
      aheadMs += ms
    },
    async reset() {
      aheadMs = 0
      beHonest()
      if (mayBeWrong) await lab.restart()
      mayBeWrong = false
    },
    async close() {
      await lab.close()
      await op.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const endpointsOf = ({ issuer }: LyingOp) => ({
  userinfo_endpoint: `${issuer}/userinfo`,
  end_session_endpoint: `${issuer}/end`,
})

async function startLab(op: LyingOp, variant: Variant, directory: string, now: () => number): Promise<SignInLab> {
  const clientKeyFile = join(directory, 'client-key.pem')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeFile(clientKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  const { responseMode, clientAuthentication } = variant
  return startSignInLab({
    ...{ issuer: op.issuer, now },
    configure: config => {
      const { clientSecretFile, ...oidc } = config.oidc
      const credentials = {
        client_secret_basic: { clientSecretFile },
        client_secret_post: { clientSecretFile, clientAuthentication },
        private_key_jwt: { clientKeyFile },
        none: {},
      }[clientAuthentication]
      const more = { responseMode, userinfo: true, frontChannelLogout: true }
      return { ...config, oidc: { ...oidc, ...credentials, ...more } as unknown as typeof config.oidc }
    },
  })
}

/** Sends the form with which an OP answers, where it does, as a browser without scripts. */
async function submitted(browser: BrowserClient, page: Answer): Promise<Answer> {
  const { action, content } = formOf(page.text)
  if (action === '') return page
  // A form of another site brings no cookie along, and the redirect after it does.
  const fields = { 'Content-Type': FORM, 'Content-Length': String(content.length), Cookie: undefined, Origin: 'null' }
  const sent = await browser.send(action, { method: 'POST', fields, content })
  const location = sent.headers.get('location')
  return location === null ? sent : browser.get(new URL(location, action).href)
}

/** What was done otherwise than the variant has it. */
function differenceFrom(variant: Variant, op: LyingOp, bearers: readonly (string | undefined)[]): string | undefined {
  const mode = op.asked.get('response_mode') ?? 'query'
  if (mode !== variant.responseMode) return `by ${mode}`
  const how = authenticationOf(op.tokenRequest)
  if (how !== variant.clientAuthentication) return `with ${how}`
  const isOneBearer = bearers.length === 1 && /^Bearer ./.test(bearers[0] ?? '')
  return isOneBearer ? undefined : `with ${bearers.length} questions to userinfo`
}

/** OIDC Core 9. */
function authenticationOf({ authorization, form }: LyingOp['tokenRequest']): string {
  const ways = [
    ...(authorization === undefined ? [] : ['client_secret_basic']),
    ...(form.has('client_secret') ? ['client_secret_post'] : []),
    ...(form.has('client_assertion') ? ['private_key_jwt'] : []),
  ]
  return ways.length === 0 ? 'none' : ways.join(' and ')
}
