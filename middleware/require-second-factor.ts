/**
 * Stage 5: may it pass? The only place that admits anything to the upstream. Every way through is a policy with a name,
 * and the name is in the log:
 *
 *   second-factor          a person with a second factor that is recent enough
 *   first-factor           a ticket or password of the directory, where the configuration accepts that alone
 *   server-checked         a personal access token or a token of the server: the server decides
 *   agent-token-exchange   POST .../_apis/oauth2/token, where build agents exchange a signed assertion for a token
 *   cors-preflight         OPTIONS with Origin and Access-Control-Request-Method: browsers send it without credentials
 *   <configured>           an exemption of the configuration
 */
import type { Config } from '../config/schema.ts'
import type { Clock } from '../src/clock.ts'
import { challenge, type Decision, deny, proceed, type Refusal, type Stage, signIn } from '../src/decision.ts'
import type { Code } from '../src/errors.ts'
import type { Admitted, Authenticated } from '../src/exchange.ts'
import type { Offers } from '../src/http/challenge.ts'
import { judgeSecondFactor } from '../src/oidc/second-factor-rule.ts'

interface Exemption {
  readonly name: string
  readonly methods: readonly string[]
  readonly path: RegExp
}

/** Also without a collection, and with any collection or virtual directory in front. */
const AGENT_TOKEN_EXCHANGE: Exemption = {
  name: 'agent-token-exchange',
  methods: ['POST'],
  path: /^(\/[^/]+)*\/_apis\/oauth2\/token$/i,
}

export function requireSecondFactor(
  settings: Config['secondFactor'],
  offers: Offers,
  now: Clock,
): Stage<Authenticated, Admitted> {
  const exemptions: Exemption[] = [
    ...(settings.allowAgentTokenExchange ? [AGENT_TOKEN_EXCHANGE] : []),
    ...settings.exemptions.map(({ name, methods, path }) => ({
      name,
      methods,
      path: new RegExp(`^(?:${path})$`, 'u'),
    })),
  ]

  const ticketIsEnough = settings.acceptFirstFactor.includes('negotiate')

  /** A browser that could show a ticket is asked for it; the page that comes with the 401 leads to the sign-in. */
  function askWhoItIs(authenticated: Authenticated, code: Code): Refusal {
    const wantsTicket = ticketIsEnough && offers(authenticated).includes('Negotiate')
    return authenticated.isNavigation && !wantsTicket ? signIn(code) : challenge(code)
  }

  return authenticated => {
    const { principal } = authenticated
    switch (principal.kind) {
      case 'server-checked':
        return admit(authenticated, 'server-checked')
      case 'person': {
        const { firstFactor } = principal.evidence
        if (firstFactor !== undefined && settings.acceptFirstFactor.includes(firstFactor))
          return admit(authenticated, 'first-factor')
        const verdict = judgeSecondFactor(settings, principal.evidence, now())
        return verdict === 'satisfied'
          ? admit(authenticated, 'second-factor')
          : askForSecondFactor(authenticated, verdict)
      }
      case 'anonymous':
        return isPreflight(authenticated)
          ? admit(authenticated, 'cors-preflight')
          : (exempt(authenticated, exemptions) ?? askWhoItIs(authenticated, principal.because))
    }
  }
}

/** The one mint of `Admitted`. */
function admit(authenticated: Authenticated, admittedBy: string): Decision<Admitted> {
  return proceed({ ...authenticated, admittedBy } as Admitted)
}

function exempt(authenticated: Authenticated, exemptions: readonly Exemption[]): Decision<Admitted> | undefined {
  const { method, target, fields } = authenticated
  const applies = (path: string) =>
    exemptions.find(exemption => exemption.methods.includes(method) && exemption.path.test(path))
  const [raw, normalised] = [applies(target.path), applies(target.normalisedPath)]
  if (raw === undefined && normalised === undefined) return undefined
  // The server may read path or method differently than we do: then this is not the request that is exempt.
  if (target.isAmbiguous || raw !== normalised || raw === undefined) return deny('path-ambiguous')
  return fields.kept['x-http-method-override'] === undefined ? admit(authenticated, raw.name) : undefined
}

/** Fetch standard 3.2.2 (CORS-preflight request). */
function isPreflight({ method, fields }: Authenticated): boolean {
  return (
    method === 'OPTIONS' &&
    fields.kept.origin !== undefined &&
    fields.kept['access-control-request-method'] !== undefined
  )
}

/** A session is renewed at the OP; a token is the client's to renew: 403, because a 401 makes git forget its credentials. */
function askForSecondFactor(authenticated: Authenticated, code: Code): Refusal {
  return authenticated.credentials.scheme === 'session' && authenticated.isNavigation ? signIn(code) : deny(code)
}
