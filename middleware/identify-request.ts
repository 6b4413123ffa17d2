/** Stage 2: a request id for logs and error pages, and which kind of program asks. */
import { proceed, type Stage } from '../src/decision.ts'
import type { Connected, Traced } from '../src/exchange.ts'
import { type ClientClass, classifyClient } from '../src/http/client-class.ts'
import type { BeginSpan } from '../src/http/exchange-span.ts'
import type { RequestFields } from '../src/http/request-fields.ts'
import { readTraceparent } from '../src/http/trace-context.ts'

/** An inbound id is taken over only if it is short and cannot break a log line or a field. */
const WELL_FORMED_ID = /^[\w=-]{8,64}$/

/** `beginSpan`: where spans are recorded. */
export function identifyRequest(newId: () => string, beginSpan?: BeginSpan): Stage<Connected, Traced> {
  return connected => {
    const { fields, method, peerIsTrusted, handshake } = connected
    const given = peerIsTrusted ? fields.kept['x-request-id'] : undefined
    const clientClass = classifyClient(fields.kept['user-agent'])
    const traced = {
      ...connected,
      requestId: given !== undefined && WELL_FORMED_ID.test(given) ? given : newId(),
      clientClass,
      isNavigation: handshake === undefined && isNavigation(method, clientClass, fields),
    }
    if (beginSpan === undefined) return proceed(traced)
    return proceed({
      ...traced,
      span: beginSpan(peerIsTrusted ? readTraceparent(fields.kept.traceparent) : undefined),
    })
  }
}

/**
 * A person's browser going to a page, which can follow a redirect to the sign-in. Everything else (scripts, REST
 * clients, git) gets a 401: a redirect there is followed blindly or breaks the client. Java, Maven and Gradle accept
 * HTML as well, so where a browser does not say that it navigates (Fetch Metadata 2.3), its name has to.
 */
function isNavigation(method: string, clientClass: ClientClass, { kept }: RequestFields): boolean {
  const mode = kept['sec-fetch-mode']
  return (
    (method === 'GET' || method === 'HEAD') &&
    kept.accept?.includes('text/html') === true &&
    (mode === undefined ? clientClass === 'browser' : mode === 'navigate') &&
    kept['x-tfs-fedauthredirect'] === undefined &&
    kept['x-vss-reauthenticationaction'] === undefined &&
    kept['x-requested-with'] === undefined
  )
}
