/** A LemonLDAP::NG, and Torhaus with the configuration that stands on its page. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Lemonldap, startLemonldap } from '../../devkit/op/lemonldap.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { torhausAddresses } from '../../devkit/torhaus/torhaus-config.ts'
import { configurationOfPage } from './page-configuration.ts'

/** What a form would encode. */
const SECRET = 'a%b+c d&e=f'
/** What a rule of the lab wants, below `/area`. */
export const FRESH_S = 10

export interface LemonldapLab {
  readonly op: Lemonldap
  readonly torhaus: SignInLab
  close(): Promise<void>
}

export async function startLemonldapLab(now: () => number): Promise<LemonldapLab> {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-lemonldap-test-'))
  const secretFile = join(directory, 'secret')
  await writeFile(secretFile, SECRET, { mode: 0o600 })
  const [port, opPort] = [await freePort(), await freePort()]
  const { publicUrl, redirectUri, postLogoutRedirectUri } = torhausAddresses(port)
  const frontChannelLogoutUri = `${publicUrl}/.torhaus/frontchannel-logout`
  const addresses = { redirectUri, postLogoutRedirectUri, frontChannelLogoutUri }
  await using opened = new AsyncDisposableStack()
  opened.defer(() => rm(directory, { recursive: true, force: true }))
  const op = await startLemonldap({ clientId: 'torhaus', clientSecret: SECRET, ...addresses }, opPort)
  opened.defer(() => op.close())
  const { issuer } = op
  const configure = configurationOfPage('lemonldap', { issuer, secretFile })
  const torhaus = await startSignInLab({
    ...{ issuer, port, now },
    configure: config => {
      const ofPage = configure(config) as typeof config
      const rules = [{ name: 'fresh', when: { path: '/area' }, require: 'second-factor', maxAgeSeconds: FRESH_S }]
      const secondFactor = { ...ofPage.secondFactor, rules }
      // The page advises against it, and a test shows why.
      return { ...ofPage, secondFactor, oidc: { ...ofPage.oidc, frontChannelLogout: true } }
    },
  })
  opened.defer(() => torhaus.close())
  const all = opened.move()
  return { op, torhaus, close: () => all.disposeAsync() }
}
