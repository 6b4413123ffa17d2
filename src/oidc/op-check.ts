/**
 * Checks what a sign-in needs from an OP, without anybody at a browser:
 *
 *   metadata over TLS -> keys -> clock -> an authorization request, not followed -> a made-up code
 *     -> a device authorization that nobody completes, if there is a client for git
 */
import * as client from 'openid-client'
import type { Clock } from '../clock.ts'
import { toFault } from '../errors.ts'
import { clientAuthenticationMethod } from './client-authentication.ts'
import { opFetch } from './op-fetch.ts'
import {
  authorizationFinding,
  clientFinding,
  clockFinding,
  deviceFinding,
  discoveryFinding,
  type Finding,
  metadataFindings,
} from './op-findings.ts'
import { opRefusal } from './op-refusal.ts'
import type { Op } from './ops.ts'

export interface OpCheckParts {
  readonly op: Op
  readonly redirectUri: string
  readonly now: Clock
  /** Made up for this check: text that nobody guesses. */
  readonly newId: () => string
}

/** None: a sign-in can begin, and its code can be exchanged. */
export async function checkOp(parts: OpCheckParts): Promise<Finding[]> {
  const { op, now } = parts
  const { settings, provider } = op
  const fetch = opFetch(settings)
  const configuration = await provider.metadata().catch((error: unknown) => toFault(error))
  if (configuration instanceof Error) return [discoveryFinding(configuration, settings)]
  const metadata = configuration.serverMetadata()
  const findings = metadataFindings(metadata, settings, clientAuthenticationMethod(settings))
  try {
    await provider.keys.keySet()
  } catch (error) {
    const message = `its keys at ${metadata.jwks_uri} cannot be read: ${String((error as Error).cause ?? error)}`
    findings.push({ check: 'keys', option: 'issuer', message })
  }
  const { headers } = await fetch(metadata.jwks_uri ?? settings.issuer, { headers: {} }).catch(() => new Response())
  const later = [clockFinding(headers.get('date'), now(), settings), await tryAuthorization(parts, fetch)]
  findings.push(...later.filter(finding => finding !== undefined))
  // The secret of a client that is not known there says nothing.
  if (!findings.some(({ option }) => option === 'clientId')) {
    const finding = await tryCode(parts, configuration)
    if (finding !== undefined) findings.push(finding)
  }
  const finding = await tryDevice(parts, metadata, fetch)
  return finding === undefined ? findings : [...findings, finding]
}

async function tryAuthorization(
  { op, redirectUri, newId }: OpCheckParts,
  fetch: ReturnType<typeof opFetch>,
): Promise<Finding | undefined> {
  const url = await op.provider.authorizationUrl({
    ...{ redirectUri, state: newId(), nonce: newId(), codeChallenge: newId() },
    ...{ maxAgeSeconds: 3600, acrValues: [], isAnew: false },
  })
  try {
    const response = await fetch(url, { headers: { Accept: 'text/html' }, mayRedirect: true })
    const location = response.headers.get('location')
    return authorizationFinding(
      {
        status: response.status,
        location: location === null ? undefined : new URL(location, url).href,
        text: await response.text(),
      },
      redirectUri,
      op.settings,
    )
  } catch (error) {
    const message = `the authorization endpoint cannot be read: ${String((error as Error).cause ?? error)}`
    return { check: 'redirect-uri', option: 'issuer', message }
  }
}

/** RFC 8628 3.1, with PKCE as the credential helper sends it. What is given for it lapses in some minutes. */
async function tryDevice(
  { op: { settings }, newId }: OpCheckParts,
  { device_authorization_endpoint: endpoint }: client.ServerMetadata,
  fetch: ReturnType<typeof opFetch>,
): Promise<Finding | undefined> {
  const { deviceClientId } = settings
  if (deviceClientId === undefined || endpoint === undefined) return undefined
  const pkce = { code_challenge: newId(), code_challenge_method: 'S256' }
  const body = new URLSearchParams({ client_id: deviceClientId, scope: 'openid', ...pkce }).toString()
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' }
  try {
    const response = await fetch(endpoint, { method: 'POST', headers, body })
    return deviceFinding(response.status, await response.text(), deviceClientId)
  } catch (error) {
    return deviceFinding(undefined, String((error as Error).cause ?? error), deviceClientId)
  }
}

async function tryCode(
  { op, redirectUri, newId }: OpCheckParts,
  configuration: client.Configuration,
): Promise<Finding | undefined> {
  const asked = { code: newId(), redirect_uri: redirectUri, code_verifier: newId() }
  try {
    await client.genericGrantRequest(configuration, 'authorization_code', asked)
    return { check: 'client', option: 'issuer', message: 'the OP issues tokens for a code that it never issued' }
  } catch (error) {
    const told = opRefusal(error, 'token endpoint').message
    if (error instanceof client.ResponseBodyError) return clientFinding(error.error, error.status, told, op.settings)
    if (error instanceof client.WWWAuthenticateChallengeError)
      return clientFinding('invalid_client', error.status, told, op.settings)
    return clientFinding(undefined, undefined, `${told}: ${String((error as Error).message)}`, op.settings)
  }
}
