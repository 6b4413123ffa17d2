/** Whether the OP knows us: by a question for tokens, and one for a sign-in, that must both fail in the right way. */
import { hash } from 'node:crypto'
import type { ProviderSettings } from '../../config/schema.ts'
import { readSecret } from '../../config/secret.ts'
import { ask } from './ask.ts'
import type { Finding } from './finding.ts'
import { type Metadata, objectIn, textIn } from './provider-metadata.ts'

export interface ClientQuestion {
  readonly metadata: Metadata
  readonly redirectUri: string
  readonly settings: ProviderSettings
  /** Where the OP stands in the configuration. */
  readonly path: string
}

/** Nobody's code and verifier: what comes back says how far the OP got before it refused (RFC 6749 5.2). */
const NO_CODE = 'torhaus-doctor-asks-with-a-code-of-nobody'
const NO_VERIFIER = 'torhaus-doctor-asks-with-a-verifier-of-nobody'
/** RFC 7636 4.2. */
const NO_CHALLENGE = hash('sha256', NO_VERIFIER, 'base64url')

export async function clientFindings(question: ClientQuestion): Promise<Finding[]> {
  const { metadata, redirectUri, settings } = question
  const { clientId, clientSecretFile, timeoutMs } = settings
  const secret = clientSecretFile === undefined ? undefined : readSecret(clientSecretFile)
  const content = new URLSearchParams({
    ...{ grant_type: 'authorization_code', code: NO_CODE, redirect_uri: redirectUri, code_verifier: NO_VERIFIER },
    ...(secret === undefined ? { client_id: clientId } : {}),
  }).toString()
  const fields = {
    'Content-Type': 'application/x-www-form-urlencoded',
    'Content-Length': String(Buffer.byteLength(content)),
    Accept: 'application/json',
    ...(secret === undefined ? {} : { Authorization: basic(clientId, secret.reveal()) }),
  }
  const said = await ask(new URL(textIn(metadata, 'token_endpoint') ?? ''), {
    method: 'POST',
    fields,
    content,
    timeoutMs,
  })
    .then(({ status, text }) => refusalIn(status, text))
    .catch((error: Error) => ({ error: 'unanswered', words: error.message }))
  return said.error === 'invalid_grant' ? [] : [clientFinding(said, question)]
}

/** RFC 6749 2.3.1: both are form-urlencoded first. */
function basic(clientId: string, secret: string): string {
  const encoded = (text: string) => new URLSearchParams({ _: text }).toString().slice(2)
  return `Basic ${Buffer.from(`${encoded(clientId)}:${encoded(secret)}`).toString('base64')}`
}

interface Refusal {
  readonly error: string
  /** As the OP put it, bounded and without control characters. */
  readonly words: string
}

const MAX_WORDS = 300

function refusalIn(status: number, text: string): Refusal {
  const { error = '', error_description: description = '' } = objectIn(text) ?? {}
  const words = `${status} ${error} ${description}`.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, MAX_WORDS)
  return { error: String(error), words: words.trim() }
}

/** AADSTS7000222 is how Entra says that a secret has expired; 7000215, that it is none of the client's. */
function clientFinding({ error, words }: Refusal, { settings, path }: ClientQuestion): Finding {
  const { clientSecretFile } = settings
  const about = { why: 'nobody can sign in', severity: 'error' } as const
  if (words.includes('AADSTS7000222'))
    return {
      what: `the client secret has expired: ${words}`,
      remedy: `create a new one at the OP, write it to ${clientSecretFile}, and reload`,
      ...{ ...about, option: `${path}.clientSecretFile` },
    }
  if (error === 'invalid_client' || error === 'unauthorized_client')
    return {
      what: `the OP does not accept this client: ${words}`,
      remedy:
        clientSecretFile === undefined
          ? 'register it at the OP as a public client with this clientId, or set clientSecretFile'
          : `compare clientId and the secret in ${clientSecretFile} with those at the OP; the secret is sent as client_secret_basic`,
      ...{ ...about, option: `${path}.${clientSecretFile === undefined ? 'clientId' : 'clientSecretFile'}` },
    }
  return {
    what: `the token endpoint does not answer invalid_grant to an unknown code: ${words}`,
    remedy:
      'check the log of the OP: the grant type authorization_code, the client authentication and the redirect URI must be allowed',
    ...{ ...about, option: `${path}.clientId`, severity: 'warning' },
  }
}

/**
 * With `prompt=none` an OP asks nobody, and says no at the redirect URI (OIDC Core 3.1.2.6), unless that is not
 * registered: then it must not redirect there (RFC 6749 4.1.2.1).
 */
export async function redirectFindings({ metadata, redirectUri, settings }: ClientQuestion): Promise<Finding[]> {
  const url = new URL(textIn(metadata, 'authorization_endpoint') ?? '')
  const parameters = {
    ...{
      client_id: settings.clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid',
      prompt: 'none',
    },
    ...{
      state: 'torhaus-doctor',
      nonce: 'torhaus-doctor',
      code_challenge: NO_CHALLENGE,
      code_challenge_method: 'S256',
    },
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  const answer = await ask(url, { timeoutMs: settings.timeoutMs }).catch(() => undefined)
  // What is not answered was said by the token endpoint; a page may be the way of this OP to say no.
  if (answer === undefined || answer.status < 400 || answer.status >= 500) return []
  return [
    {
      what: `the OP refuses a sign-in with the redirect URI ${redirectUri} (${answer.status})`,
      why: 'nobody can sign in',
      remedy: `register exactly this redirect URI at the OP for client ${settings.clientId}`,
      ...{ option: 'publicUrl', severity: 'error' },
    },
  ]
}
