/**
 * The clients of people, each with each credential that it can send: the table in docs/clients.md, tried. Makes a test of
 * each case: it works or is refused, and prints what the table says.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type Client, type ClientCase, patternOf, type Variables } from '../../devkit/compatibility/client.ts'
import { type ClientGroup, clientGroups } from '../../devkit/compatibility/clients.ts'
import { type Surroundings as CaseSurroundings, present, runCase } from '../../devkit/compatibility/run-case.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { samplePats } from '../../devkit/origin/origin-fixture.ts'
import { SESSION_COOKIE } from '../../devkit/torhaus/sign-in-lab.ts'
import { type ClientLab, startClientLab } from './client-lab.ts'

export interface Surroundings extends CaseSurroundings {
  /** Below it, each case has a folder of its own. */
  readonly directory: string
}

type Product = keyof typeof samplePats
const PRODUCTS: readonly Product[] = ['azure-devops', 'gitea', 'gitlab']

/** Each client of the group before a Torhaus that is set up for the tokens of its product. */
export function tryGroup(name: ClientGroup): void {
  for (const product of PRODUCTS) {
    const clients = clientGroups[name].filter(client => (client.site ?? 'azure-devops') === product)
    if (clients.length > 0) describe(`a server of ${product}`, () => tryBefore(product, clients))
  }
}

function tryBefore(product: Product, clients: readonly Client[]): void {
  let lab: ClientLab
  let variables: Variables
  before(async () => {
    lab = await startClientLab(config => ({
      ...config,
      // Without offline_access, the OP of the lab has nothing to ask again of whom it knows.
      oidc: { ...config.oidc, scopes: ['openid', 'profile', 'email'] },
      credentials: { ...config.credentials, personalAccessTokens: [product] },
    }))
    variables = await variablesOf(lab, product)
  })
  after(() => lab.close())
  tryClients(clients, () => ({ variables, directory: lab.devops.directory }))
}

async function variablesOf({ torhaus, gitUrl, bearer, devops }: ClientLab, product: Product): Promise<Variables> {
  const { ada, carol } = torhaus.users
  const browser = new BrowserClient()
  await signIn(browser, `${torhaus.url}/`, ada)
  const nowS = Math.floor(Date.now() / 1000)
  const host = new URL(torhaus.url).host
  return {
    ...{ URL: torhaus.url, HOST: host, REPOSITORY: gitUrl.replace('http://', '') },
    ...{ PAT: samplePats[product], WRONG_PAT: 'a'.repeat(52) },
    TOKEN: await bearer(),
    ONE_FACTOR_TOKEN: await bearer({ acr: 'urn:torhaus:acr:pwd', amr: ['pwd'] }),
    EXPIRED_TOKEN: await bearer({ iat: nowS - 7200, exp: nowS - 3600 }),
    SERVER_TOKEN: await devops.origin.issueServerToken('build'),
    COOKIE: `${SESSION_COOKIE}=${browser.cookies.get(SESSION_COOKIE)?.value}`,
    ...{ USER_NAME: ada.name, PASSWORD: ada.password, TOTP_SECRET: ada.totpSecret ?? '' },
    ...{ ONE_FACTOR_USER: carol.name, ONE_FACTOR_PASSWORD: carol.password },
  }
}

/** `surroundings` is asked once the lab is open. Not all clients at once: a compiler takes a core for itself. */
export function tryClients(clients: readonly Client[], surroundings: () => Surroundings): void {
  describe('each client with each credential', { concurrency: 2 }, () => {
    for (const [index, client] of clients.entries()) describeClient(client, `client-${index}`, surroundings)
  })
}

function describeClient(client: Client, name: string, surroundings: () => Surroundings): void {
  describe(client.name, { concurrency: 1 }, () => {
    let here: Awaited<ReturnType<typeof present>>
    before(async () => {
      here = await present(client)
    })
    for (const [index, tried] of client.cases.entries())
      test(titleOf(tried), async t => {
        if ('missing' in here) return t.skip(here.missing)
        t.diagnostic(here.version)
        const { directory, ...around } = surroundings()
        const ended = await runCase(client, tried, here, around, join(directory, `${name}-${index}`))
        assertExpected(ended, tried, around.variables)
      })
  })
}

const titleOf = ({ credential, how, works }: ClientCase) =>
  `${credential}: ${how === '' ? 'as it is' : how}: ${works ? 'works' : 'refused'}`

function assertExpected(
  { code, printed }: Awaited<ReturnType<typeof runCase>>,
  { works, prints }: ClientCase,
  variables: Variables,
): void {
  for (const expected of prints) assert.match(printed, patternOf(expected, variables.URL))
  assert.equal(code === 0, works, printed)
  // git-lfs shows the address with its password where it works: that is its own affair.
  if (!works) for (const secret of secretsOf(variables)) assert.ok(!printed.includes(secret), printed)
}

const secretsOf = ({ PAT, TOKEN, ONE_FACTOR_TOKEN, EXPIRED_TOKEN, SERVER_TOKEN, COOKIE }: Variables) =>
  [PAT, TOKEN, ONE_FACTOR_TOKEN, EXPIRED_TOKEN, SERVER_TOKEN, COOKIE].filter(Boolean).map(secret => secret.slice(-40))
