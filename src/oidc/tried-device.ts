/**
 * A sign-in by device authorization (RFC 8628) that a person makes for `torhaus op-check --sign-in`. It is done as in
 * git's credential helper, with PKCE and the same requested level.
 */
import { hash } from 'node:crypto'
import * as client from 'openid-client'
import { isPlainHttp } from '../../config/url-rules.ts'
import type { OpCheckParts } from './op-check.ts'
import { toOpFault } from './op-fault.ts'
import { opFetch } from './op-fetch.ts'

export interface TriedDevice {
  /** What the person opens. */
  readonly url: string
  /** What they type there, or compare. */
  readonly userCode: string
  /** The access token, once they have signed in. Rejects where they said no, or the code has lapsed. */
  finish(): Promise<string>
}

/** Undefined where git has no client at this OP, or the OP no such endpoint. */
export async function beginTriedDevice({
  op: { provider, settings },
  newId,
}: Pick<OpCheckParts, 'newId' | 'op'>): Promise<TriedDevice | undefined> {
  const { deviceClientId, acrValues, issuer, timeoutMs } = settings
  const metadata = (await provider.metadata()).serverMetadata()
  if (deviceClientId === undefined || metadata.device_authorization_endpoint === undefined) return undefined
  const asGit = new client.Configuration(metadata, deviceClientId, undefined, client.None())
  asGit[client.customFetch] = opFetch(settings)
  asGit.timeout = timeoutMs / 1000
  if (isPlainHttp(issuer)) client.allowInsecureRequests(asGit)
  const verifier = newId()
  try {
    const begun = await client.initiateDeviceAuthorization(asGit, {
      scope: 'openid',
      ...(acrValues.length === 0 ? {} : { acr_values: acrValues.join(' ') }),
      ...{ code_challenge: hash('sha256', verifier, 'base64url'), code_challenge_method: 'S256' },
    })
    return {
      url: begun.verification_uri_complete ?? begun.verification_uri,
      userCode: begun.user_code,
      finish: () =>
        client.pollDeviceAuthorizationGrant(asGit, begun, { code_verifier: verifier }).then(
          ({ access_token: token }) => token,
          (error: unknown) => Promise.reject(toOpFault(error, 'op-response-invalid')),
        ),
    }
  } catch (error) {
    throw toOpFault(error, 'op-response-invalid', 'device authorization endpoint')
  }
}
