import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { sendJson } from './exchange.ts'
import type { Identifier } from './identity.ts'

const maxFormBytes = 64 * 1024

/**
 * The token endpoint build agents use: anonymous, since the signed assertion in the form is the authentication. Agents
 * take nothing but 200, or 400 with JSON.
 */
export async function serveOAuthToken(
  request: IncomingMessage,
  response: ServerResponse,
  agentAssertions: ReadonlyMap<string, string>,
  identifier: Identifier,
): Promise<void> {
  if (Number(request.headers['content-length'] ?? Infinity) > maxFormBytes) {
    sendJson(response, 400, { error: 'invalid_request' })
    return
  }
  const form = new URLSearchParams(await text(request))
  const account = agentAssertions.get(form.get('client_assertion') ?? '')
  if (account === undefined) {
    sendJson(response, 400, { error: 'invalid_client' })
    return
  }
  const accessToken = await identifier.issueServerToken(account)
  sendJson(response, 200, { access_token: accessToken, token_type: 'bearer', expires_in: 3600 })
}
