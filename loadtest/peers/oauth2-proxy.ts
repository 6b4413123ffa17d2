/**
 * oauth2-proxy on one core: browser sessions in a cookie that holds them, and JWT access tokens as Bearer. It knows no
 * personal access tokens. No log.
 */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { goProgram } from '../../devkit/torhaus/go-program.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'
import { originUrl } from '../lab/origin.ts'
import { startServer } from '../lab/server.ts'
import type { SubjectStarter, Surroundings } from '../subject.ts'

const MODULE = 'github.com/oauth2-proxy/oauth2-proxy/v7'
const VERSION = '7.15.6'
/** It has many modules. */
const COMPILATION_TIMEOUT_MS = 600_000

/** Compiled once for this computer, outside the tree; or why it cannot be had here. */
export const bringOauth2Proxy = () => goProgram('oauth2-proxy', MODULE, VERSION, COMPILATION_TIMEOUT_MS)

export const oauth2Proxy: SubjectStarter = async surroundings => {
  const { directory, identityProvider, tls } = surroundings
  const made = await bringOauth2Proxy()
  if ('missing' in made) throw new Error(made.missing)
  const { port, redirectUri } = identityProvider.oauth2Proxy
  const configFile = join(directory, 'oauth2-proxy.cfg')
  writeFileSync(configFile, configuration(surroundings), { mode: 0o600 })
  const server = await startServer([join(made.folder, 'oauth2-proxy'), '--config', configFile], {
    ...{ place: 'proxy', port, outputFile: join(directory, 'oauth2-proxy.log') },
    // Go's own option for the authorities that it trusts.
    env: { ...process.env, ...(tls && { SSL_CERT_FILE: tls.caFile }) },
  })
  const page = new URL('/1k', redirectUri).href
  const signInPages = { start: new URL('/oauth2/start?rd=%2F1k', redirectUri).href, page }
  return { name: 'oauth2-proxy', port, server, signInPages, takesBearerForPat: true }
}

function configuration(surroundings: Surroundings): string {
  const { identityProvider, tls } = surroundings
  const { port, id, secret, redirectUri } = identityProvider.oauth2Proxy
  const listener =
    tls === undefined
      ? { http_address: `127.0.0.1:${port}` }
      : {
          ...{ http_address: '', https_address: `127.0.0.1:${port}` },
          ...{ tls_cert_file: tls.certificateFile, tls_key_file: tls.privateKeyFile },
        }
  const options = {
    ...listener,
    ...{ upstreams: [`${originUrl(surroundings)}/`], reverse_proxy: false, email_domains: ['*'] },
    ...{ provider: 'oidc', oidc_issuer_url: identityProvider.issuer, client_id: id, client_secret: secret },
    ...{ redirect_url: redirectUri, scope: 'openid profile email', code_challenge_method: 'S256' },
    // The ID token has all; the OP gives claims to no token for another audience.
    ...{ skip_claims_from_profile_url: true },
    ...{ skip_provider_button: true, skip_jwt_bearer_tokens: true, oidc_extra_audiences: [agreed.audience] },
    ...{ cookie_secret: randomBytes(16).toString('hex'), cookie_secure: tls !== undefined },
    ...{ request_logging: false, auth_logging: false, standard_logging: false },
  }
  // TOML writes these values as JSON does.
  const lines = Object.entries(options).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
  return `${lines.join('\n')}\n`
}
