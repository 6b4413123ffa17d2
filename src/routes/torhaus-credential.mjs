#!/usr/bin/env node
/**
 * A credential helper for git (gitcredentials(7)): signs in at the identity provider by device authorization (RFC 8628), with
 * the second factor, and hands git the access token. Needs Node 18 and nothing else. Keeps nothing: whether the token is
 * remembered is up to the helpers that git asks before this one, such as `cache`, which has it in memory only.
 *
 *   git config --global credential.https://HOST.helper 'cache --timeout 28800'
 *   git config --global --add credential.https://HOST.helper '!node FILE --issuer URL --client-id ID'
 */
import { createHash, randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code'
const TIMEOUT_MS = 15_000
const DEFAULT_INTERVAL_S = 5
const text = { type: 'string' }
const usage = 'usage: torhaus-credential.mjs --issuer URL --client-id ID [--scope S] [--acr-values V] get|store|erase'

/** What comes from the network is shown on a terminal: without what would steer it. */
const shown = value => String(value ?? '').replace(/[^\x20-\x7e]/g, '')

/** In the words of the identity provider (RFC 6749 5.2). */
const reasonOf = answer =>
  [answer.error, answer.error_description].filter(Boolean).map(shown).join(': ').slice(0, 500) || 'without a reason'

/** Plain http is for tests on one machine. */
function checked(address) {
  const url = new URL(address)
  const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback))
    throw new Error(`${shown(url)} is not https`)
  return url
}

async function json(address, form) {
  const options = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(checked(address), { ...options, signal, headers: { accept: 'application/json' } })
  return response.json()
}

async function accessToken({ issuer, clientId, scope, acrValues }) {
  const metadata = await json(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  // OIDC Discovery 4.3.
  if (metadata.issuer !== issuer) throw new Error(`the identity provider calls itself ${shown(metadata.issuer)}`)
  const acr = acrValues === undefined ? {} : { acr_values: acrValues }
  // Where the client must use PKCE (RFC 7636), Keycloak wants it here as well; others pass over it.
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
  const device = await json(metadata.device_authorization_endpoint, { client_id: clientId, scope, ...acr, ...pkce })
  if (device.device_code === undefined) throw new Error(`the identity provider refuses: ${reasonOf(device)}`)
  const link = shown(device.verification_uri_complete ?? device.verification_uri)
  process.stderr.write(`To sign in, open ${link}\nand check that it shows the code ${shown(device.user_code)}\n`)

  const deadline = Date.now() + Number(device.expires_in) * 1000
  let intervalMs = Number(device.interval ?? DEFAULT_INTERVAL_S) * 1000
  while (Date.now() < deadline) {
    await new Promise(resolve => setTimeout(resolve, intervalMs))
    const form = {
      grant_type: GRANT_TYPE,
      client_id: clientId,
      device_code: device.device_code,
      code_verifier: verifier,
    }
    const answer = await json(metadata.token_endpoint, form)
    if (typeof answer.access_token === 'string') return answer
    // RFC 8628 3.5.
    if (answer.error === 'slow_down') intervalMs += 5000
    else if (answer.error !== 'authorization_pending') throw new Error(`not signed in: ${reasonOf(answer)}`)
  }
  throw new Error('not signed in: it took too long')
}

async function readRequest() {
  let input = ''
  for await (const chunk of process.stdin) input += chunk
  return input.split('\n')
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { issuer: text, 'client-id': text, scope: text, 'acr-values': text },
    allowPositionals: true,
  })
  const { issuer, 'client-id': clientId, scope = 'openid', 'acr-values': acrValues } = values
  if (issuer === undefined || clientId === undefined || positionals.length !== 1) throw new Error(usage)
  const request = await readRequest()
  if (positionals[0] !== 'get') return
  const { access_token: token, expires_in: lifetimeS } = await accessToken({ issuer, clientId, scope, acrValues })
  // git 2.46 and later take a Bearer token; to others it is a password.
  const lines = request.includes('capability[]=authtype')
    ? ['capability[]=authtype', 'authtype=Bearer', `credential=${token}`]
    : ['username=oauth2', `password=${token}`]
  if (Number(lifetimeS) > 0) lines.push(`password_expiry_utc=${Math.floor(Date.now() / 1000) + Number(lifetimeS)}`)
  process.stdout.write(`${lines.join('\n')}\n`)
}

main().catch(error => {
  process.stderr.write(`torhaus-credential: ${error.message}\n`)
  process.exitCode = 1
})
