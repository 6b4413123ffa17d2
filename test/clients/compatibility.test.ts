/** The clients of people, each with each credential that it can send: the table in docs/clients.md, tried. */
import { after, before, describe } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import type { Variables } from '../../devkit/compatibility/client.ts'
import { clients } from '../../devkit/compatibility/clients.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { samplePats } from '../../devkit/origin/origin-fixture.ts'
import { SESSION_COOKIE } from '../../devkit/torhaus/sign-in-lab.ts'
import { type ClientLab, startClientLab } from './client-lab.ts'
import { tryClients } from './try-clients.ts'

type Product = keyof typeof samplePats

async function variablesOf({ torhaus, gitUrl, bearer, devops }: ClientLab, product: Product): Promise<Variables> {
  const { ada } = torhaus.users
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
  }
}

const products: readonly Product[] = ['azure-devops', 'gitea', 'gitlab']
for (const product of products)
  describe(`a server of ${product}`, () => {
    let lab: ClientLab
    let variables: Variables
    before(async () => {
      const more = { personalAccessTokens: [product], offerRules: [{ path: '/v2/', offer: ['Basic'] }] }
      lab = await startClientLab(config => ({ ...config, credentials: { ...config.credentials, ...more } }))
      variables = await variablesOf(lab, product)
    })
    after(() => lab.close())

    tryClients(
      clients.filter(client => (client.product ?? 'azure-devops') === product),
      () => ({ variables, directory: lab.devops.directory }),
    )
  })
