/** The clients of people, each with each credential that it can send: the table in docs/clients.md, tried. */
import { after, before } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import type { Variables } from '../../devkit/compatibility/client.ts'
import { clients } from '../../devkit/compatibility/clients.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { SESSION_COOKIE } from '../../devkit/torhaus/sign-in-lab.ts'
import { type ClientLab, startClientLab } from './client-lab.ts'
import { tryClients } from './try-clients.ts'

let lab: ClientLab
let variables: Variables
before(async () => {
  lab = await startClientLab(config => ({
    ...config,
    credentials: { ...config.credentials, offerRules: [{ path: '/v2/', offer: ['Basic'] }] },
  }))
  variables = await variablesOf(lab)
})
after(() => lab.close())

async function variablesOf({ torhaus, gitUrl, pat, bearer, devops }: ClientLab): Promise<Variables> {
  const { ada } = torhaus.users
  const browser = new BrowserClient()
  await signIn(browser, `${torhaus.url}/`, ada)
  const nowS = Math.floor(Date.now() / 1000)
  const host = new URL(torhaus.url).host
  return {
    ...{ URL: torhaus.url, HOST: host, REPOSITORY: gitUrl.replace('http://', '') },
    ...{ PAT: pat, GITEA_PAT: pat, GITLAB_PAT: pat, WRONG_PAT: 'a'.repeat(52) },
    TOKEN: await bearer(),
    ONE_FACTOR_TOKEN: await bearer({ acr: 'urn:torhaus:acr:pwd', amr: ['pwd'] }),
    EXPIRED_TOKEN: await bearer({ iat: nowS - 7200, exp: nowS - 3600 }),
    SERVER_TOKEN: await devops.origin.issueServerToken('build'),
    COOKIE: `${SESSION_COOKIE}=${browser.cookies.get(SESSION_COOKIE)?.value}`,
    ...{ USER_NAME: ada.name, PASSWORD: ada.password, TOTP_SECRET: ada.totpSecret ?? '' },
  }
}

tryClients(clients, () => ({ variables, directory: lab.devops.directory }))
