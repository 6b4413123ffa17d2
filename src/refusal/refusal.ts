/**
 * Refusals in the form the client understands. A browser gets a page, git a line that it shows as `remote:`, Visual
 * Studio a field that it shows in a dialog, everybody else problem details (RFC 9457). Never an internal detail.
 */
import type { ServerResponse } from 'node:http'
import type { ClientClass } from '../../config/client-classes.ts'
import { formatConfirmationCode } from '../confirmation-code.ts'
import type { RefusalHelp, StepUp } from '../decision.ts'
import { type Code, errorTable } from '../errors.ts'
import type { PartialExchange } from '../exchange.ts'
import { isRegistryPath } from '../http/registry-path.ts'
import { isOwnPath, OWN_PREFIX } from '../http/request-target.ts'
import { drainRequest } from '../listener/request-content.ts'
import { type ChallengeSettings, challengeFields } from './challenge.ts'
import { errorPage, isOfCertificate } from './error-page.ts'
import { unreferred } from './page.ts'
import type { Pages } from './pages.ts'
import { signInPath } from './sign-in-path.ts'

export interface RefusalSettings {
  readonly pages: Pages
  readonly challenge: ChallengeSettings
  /** Origin of the server. */
  readonly publicOrigin: string
  /** Origin of Torhaus' own pages. */
  readonly ownOrigin: string
  /** Whether a Host field names the host of Torhaus' own pages; undefined: there is only one host. */
  readonly isOwnHost: ((host: string) => boolean) | undefined
  /** Strict-Transport-Security for every answer: name and value, or empty. */
  readonly strictTransport: readonly string[]
}

/** Methods that may be forwarded (RFC 9110 10.2.1). */
export const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

const RETRY_AFTER_S = 5
const RESTART_AFTER_S = 1

/** Answers with the status, sentence and code of `code`, and the request id. */
export function sendRefusal(
  known: PartialExchange,
  code: Code,
  settings: RefusalSettings,
  help: RefusalHelp = {},
): number {
  const { status, sentence } = errorTable[code]
  // The end of the request is uncertain, so nothing after it can be read as a request (RFC 9112 6.1).
  if (code === 'request-malformed' || status === 408) known.response.shouldKeepAlive = false
  // Another certificate requires another connection.
  if (isOfCertificate(code)) known.response.shouldKeepAlive = false
  const fields = ['Cache-Control', 'no-store', 'X-Torhaus-Error', code, ...requestIdFields(known)]
  fields.push(...settings.strictTransport)
  if (status === 401) {
    // X-VSS-E2EID marks an Azure DevOps Server for NuGet's credential provider.
    fields.push(
      ...challengeFields(settings.challenge, known, code),
      ...(known.requestId === undefined ? [] : ['X-VSS-E2EID', known.requestId]),
    )
  }
  if (status === 503 || status === 429) fields.push('Retry-After', String(help.retryAfterSeconds ?? RETRY_AFTER_S))
  if (status === 405) fields.push('Allow', METHODS)
  const link = help.confirm && `${settings.ownOrigin}${OWN_PREFIX}/confirm/${formatConfirmationCode(help.confirm)}`
  const body = render(known, code, settings, link, help)
  const shown = withLink(sentence, link)
  if (known.clientClass === 'visual-studio') fields.push('X-TFS-ServiceError', encodeURIComponent(shown))
  if (known.clientClass === 'package-client') fields.push(...packageClientFields(code, shown))
  return send(known, status, [...fields, ...body.fields], body.text)
}

/**
 * What nuget and dotnet print of a response, but for the first one of an ordinary conversation, which asks for
 * credentials; and all that npm prints of a 401. Of others it prints the member `error`.
 */
const packageClientFields = (code: Code, shown: string) => [
  ...(code === 'credentials-missing' ? [] : ['X-NuGet-Warning', shown]),
  ...(errorTable[code].status === 401 ? ['npm-notice', shown] : []),
]

/** Codes of the OCI Distribution Specification 1.1, error codes; they are lower case where they are printed. */
const REGISTRY_CODES: Readonly<Record<number, string>> = { 401: 'UNAUTHORIZED', 403: 'DENIED', 429: 'TOOMANYREQUESTS' }

/** npm and yarn print `error`; clients of container registries, whatever their name, code and message of the first of `errors`, cargo its `detail`. */
function packageMembers({ clientClass, target }: PartialExchange, status: number, shown: string): object {
  const error = { code: REGISTRY_CODES[status] ?? 'UNKNOWN', message: shown }
  // Some print the detail after the message, so the text would appear twice.
  if (isRegistryPath(target?.path)) return { error: shown, errors: [error] }
  return clientClass === 'package-client' ? { error: shown, errors: [{ ...error, detail: shown }] } : {}
}

/** Redirects a browser to the sign-in, which returns it to the requested page. */
export function sendToSignIn(
  known: PartialExchange,
  code: Code,
  { publicOrigin, strictTransport }: RefusalSettings,
  stepUp?: StepUp,
): number {
  const location = publicOrigin + signInPath(known.target?.raw ?? '/', stepUp)
  return send(
    known,
    302,
    [
      ...['Location', location, 'Cache-Control', 'no-store', 'X-Torhaus-Error', code],
      ...[...requestIdFields(known), ...strictTransport],
    ],
    '',
  )
}

const toOpen = (link: string) => `Open ${link} in a browser to confirm, then try again.`

const withLink = (sentence: string, link: string | undefined) =>
  link === undefined ? sentence : `${sentence} ${toOpen(link)}`

const requestIdFields = ({ requestId }: PartialExchange) => (requestId === undefined ? [] : ['X-Request-Id', requestId])

const PROGRAMS: ReadonlySet<ClientClass> = new Set<ClientClass>(['package-client', 'rest', 'build-agent'])

interface Body {
  readonly fields: readonly string[]
  readonly text: string
}

/** `link`: where a person can confirm. */
function render(
  known: PartialExchange,
  code: Code,
  settings: RefusalSettings,
  link: string | undefined,
  help: RefusalHelp,
): Body {
  const { sentence, status } = errorTable[code]
  const accept = known.fields?.kept.accept ?? ''
  switch (known.clientClass) {
    case 'git':
    case 'credential-manager':
    case 'visual-studio':
      return {
        fields: ['Content-Type', 'text/plain; charset=utf-8'],
        text: plainText(known, code, settings.ownOrigin, link),
      }
    case 'git-lfs':
      return {
        fields: ['Content-Type', 'application/vnd.git-lfs+json'],
        text: JSON.stringify({
          message: link === undefined ? sentence : `${sentence} Open ${link} to confirm, then run the command again.`,
          request_id: known.requestId,
          ...(link === undefined ? {} : { documentation_url: link }),
        }),
      }
    default:
      // The JDK accepts HTML first, uv and pip last: these programs would print the source of a page.
      if (!PROGRAMS.has(known.clientClass ?? 'other') && accept.includes('text/html'))
        return page(known, code, settings, link, help)
      return {
        // Docker prints the source of any other media type (OCI Distribution Specification 1.1, error codes).
        fields: ['Content-Type', `application/${isRegistryPath(known.target?.path) ? 'json' : 'problem+json'}`],
        text: JSON.stringify({
          type: `urn:torhaus:error:${code}`,
          title: sentence,
          status,
          code,
          ...(known.requestId === undefined ? {} : { requestId: known.requestId }),
          // uv prints it after the title.
          ...(link === undefined ? {} : { detail: toOpen(link), confirmUrl: link }),
          ...packageMembers(known, status, withLink(sentence, link)),
        }),
      }
  }
}

function page(
  known: PartialExchange,
  code: Code,
  { pages, publicOrigin, isOwnHost }: RefusalSettings,
  link: string | undefined,
  { signIn, stepUp }: RefusalHelp,
): Body {
  const isAtOwn = isOwnHost?.(known.fields?.kept.host ?? '') === true
  const paper = pages.for(known)
  const shown = errorPage(paper, known, code, { link, signIn, stepUp, home: isAtOwn ? `${publicOrigin}/` : '/' })
  const isAutomatic = signIn?.isAutomatic === true
  const { fields: usual, text } = isAutomatic ? paper.automatic(shown) : paper.window(shown)
  const fields = isOwnPath(known.target?.path ?? '') ? unreferred(usual) : usual
  // After a delay, because a concurrent request may have opened a session by then.
  return { fields: isAutomatic ? [...fields, 'Refresh', `${RESTART_AFTER_S}; url=${signIn.path}`] : fields, text }
}

function plainText(known: PartialExchange, code: Code, ownOrigin: string, link: string | undefined): string {
  const { sentence, status } = errorTable[code]
  const request = `(${code}, request ${known.requestId ?? 'without id'})`
  if (link !== undefined)
    return `Torhaus: ${sentence}\nOpen this in any browser, and confirm:\n\n    ${link}\n\nThen run the command again.\n${request}\n`
  const help = status === 401 || status === 403 ? `Open ${ownOrigin}${OWN_PREFIX}/ in a browser for help.\n` : ''
  return `Torhaus: ${sentence}\n${help}${request}\n`
}

/** Sends a complete response; returns the number of bytes of its content. */
export function send(known: PartialExchange, status: number, fields: readonly string[], text: string): number {
  const { request, response } = known
  const content = Buffer.from(text, 'utf8')
  response.writeHead(status, [...fields, 'Content-Length', String(content.length)])
  const isHead = request.method === 'HEAD'
  response.end(isHead ? undefined : content)
  drainUnwanted(known, response)
  return isHead ? 0 : content.length
}

/** The client may still be sending content that nothing will read. */
function drainUnwanted({ request }: PartialExchange, response: ServerResponse): void {
  if (!request.complete && response.socket !== null) drainRequest(request)
}
