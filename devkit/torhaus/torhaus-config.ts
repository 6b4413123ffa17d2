import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type OpClient, secondFactorAcr } from '../op/configuration.ts'
import { serverTokenIssuer } from '../origin/identity.ts'

/** What differs from one Torhaus under test to the next. */
export type TorhausSetting = {
  readonly port: number
  readonly adminPort: number
  readonly upstreamUrl: string
  readonly issuer: string
  readonly clientSecret: string
  /** Where secrets and the session store go; made and removed by the caller. */
  readonly directory: string
  /** Our own pages have a host of their own. */
  readonly ownHost?: boolean
}

/** Names that Torhaus, the OP and the origin server agree on in tests and in the demo. */
export const agreed = {
  clientId: 'torhaus',
  deviceClientId: 'git',
  /** `aud` of the access tokens of the OP and of the assertions of Torhaus. */
  audience: 'devops',
  assertionField: 'X-Torhaus-Assertion',
} as const

/**
 * Addresses of a Torhaus on a loopback port, as the OP and the origin server must know them. `ownHost`: loopback has two
 * names.
 */
export function torhausAddresses(port: number, ownHost = false, scheme: 'http' | 'https' = 'http') {
  const publicUrl = `${scheme}://127.0.0.1:${port}`
  const pagesUrl = ownHost ? `${scheme}://localhost:${port}` : publicUrl
  return {
    publicUrl,
    /** Of our own pages. */
    pagesUrl,
    redirectUri: `${pagesUrl}/.torhaus/callback`,
    postLogoutRedirectUri: `${pagesUrl}/.torhaus/signed-out`,
    backChannelLogoutUri: `${publicUrl}/.torhaus/backchannel-logout`,
    jwksUrl: `${publicUrl}/.torhaus/jwks.json`,
  } as const
}

/** Torhaus as the OP knows it. `tellsLogouts`: the OP calls when somebody signs out there. */
export function torhausClient(
  { redirectUri, postLogoutRedirectUri, backChannelLogoutUri }: ReturnType<typeof torhausAddresses>,
  clientSecret: string,
  tellsLogouts = false,
): OpClient {
  return {
    ...{ clientId: agreed.clientId, clientSecret },
    redirectUris: [redirectUri],
    postLogoutRedirectUris: [postLogoutRedirectUri],
    ...(tellsLogouts && {
      metadata: { backchannel_logout_uri: backChannelLogoutUri, backchannel_logout_session_required: true },
    }),
  }
}

/** The configuration as a plain object, for a test to change before it is written. File names are relative. */
export function torhausConfig(setting: TorhausSetting) {
  const { publicUrl, pagesUrl } = torhausAddresses(setting.port, setting.ownHost)
  return {
    publicUrl,
    ...(setting.ownHost === true && { ownPages: { publicUrl: pagesUrl } }),
    // Short, so that stopping does not wait for a browser that keeps a connection.
    listener: { host: '127.0.0.1', port: setting.port, drainTimeoutMs: 2000, drainDelayMs: 0, workers: 1 },
    admin: { host: '127.0.0.1', port: setting.adminPort },
    upstream: {
      url: setting.upstreamUrl,
      identity: {
        kind: 'assertion',
        assertion: {
          field: agreed.assertionField,
          audience: agreed.audience,
          signingKeyFiles: ['assertion-key.pem'],
        },
      },
    },
    oidc: {
      issuer: setting.issuer,
      clientId: agreed.clientId,
      clientSecretFile: 'client-secret',
      scopes: ['openid', 'profile', 'email', 'offline_access'],
      acrValues: [secondFactorAcr],
      bearer: { audiences: [agreed.audience] },
    },
    secondFactor: { acceptAcr: [secondFactorAcr], maxAgeSeconds: 43_200 },
    account: { template: '{preferred_username}' },
    session: { store: { sqlite: { file: 'sessions.sqlite' } }, encryptionKeyFiles: ['session-key'] },
    credentials: { serverTokenIssuers: [serverTokenIssuer] },
  }
}

/**
 * Writes the configuration and the secrets it names into the setting's directory, readable by their owner only. Returns
 * the name of the configuration file. `change` may return any other configuration in place of the usual one.
 */
export async function writeTorhausConfig(
  setting: TorhausSetting,
  change: (config: ReturnType<typeof torhausConfig>) => object = config => config,
): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const file = join(setting.directory, 'torhaus.yaml')
  const secret = (name: string, content: string) => writeFile(join(setting.directory, name), content, { mode: 0o600 })
  await Promise.all([
    secret('assertion-key.pem', String(privateKey.export({ type: 'pkcs8', format: 'pem' }))),
    secret('session-key', `${randomBytes(32).toString('base64')}\n`),
    secret('client-secret', `${setting.clientSecret}\n`),
    writeFile(file, stringify(change(torhausConfig(setting)))),
  ])
  return file
}
