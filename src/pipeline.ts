/**
 * The whole policy, top to bottom. A request that is forwarded has passed each of these stages in this order. The input
 * type of each stage is the output type of the one before, so `npm run check` fails if a stage is left out. If the
 * second factor were left out anyway, `forward` would miss its proof (`admission.ts`) and answer 500.
 */

import { type AuthenticateParts, authenticate } from '../middleware/authenticate.ts'
import { type CertificateSettings, checkCertificate } from '../middleware/check-certificate.ts'
import { type ClassifySettings, classifyCredentials } from '../middleware/classify-credentials.ts'
import { identifyRequest } from '../middleware/identify-request.ts'
import { impersonate } from '../middleware/impersonate.ts'
import { keepOwnHost } from '../middleware/keep-own-host.ts'
import { limitAccount, limitClient } from '../middleware/limit-rate.ts'
import { mapIdentity } from '../middleware/map-identity.ts'
import { requireSecondFactor, type SecondFactorParts } from '../middleware/require-second-factor.ts'
import { type TrustSettings, trustConnection } from '../middleware/trust-connection.ts'
import type { Arrival, Delegated, Traced } from './exchange.ts'
import type { BeginSpan } from './http/exchange-span.ts'
import type { IdentityOut } from './identity/identity-out.ts'
import type { RequestRate } from './limits/request-rate.ts'
import { StageChain } from './stage-chain.ts'

export interface PolicyParts {
  readonly trust: TrustSettings
  readonly newRequestId: () => string
  /** Undefined: no spans are recorded. */
  readonly beginSpan: BeginSpan | undefined
  readonly classify: ClassifySettings
  readonly authenticate: AuthenticateParts
  readonly secondFactor: SecondFactorParts
  readonly identityOut: IdentityOut
  /** Undefined: clients are not asked for certificates. */
  readonly certificates: CertificateSettings | undefined
  /** Undefined: requests are not limited. */
  readonly rates: { readonly client: RequestRate | undefined; readonly account: RequestRate | undefined }
  /** The server's cookies are forwarded together with its tokens. */
  readonly keepsBesideTokens: boolean
  /** Whether a Host field names the host of Torhaus' own pages; undefined: they have no host of their own. */
  readonly isOwnHost: ((host: string) => boolean) | undefined
}

export interface Policy {
  /** For every request, including Torhaus' own routes: is it well formed, which client sent it, and what is its id? */
  readonly arrive: StageChain<Arrival, Traced>
  /** For requests to be forwarded: may it pass, and as which account? */
  readonly admit: StageChain<Traced, Delegated>
}

/** If a rate is configured, this stage occurs twice: for the client, and for the account. */
const LIMIT_RATE = 'limit-rate'
/** If Torhaus' pages have a host of their own, nothing else is served there. */
const KEEP_OWN_HOST = 'keep-own-host'
/** Only if clients are asked for certificates. */
const CHECK_CERTIFICATE = 'check-certificate'

export function createPolicy(parts: PolicyParts): Policy {
  const { certificates, isOwnHost, rates } = parts
  let arrive = StageChain.of<Arrival>()
    .stage('trust-connection', trustConnection(parts.trust))
    .stage('identify-request', identifyRequest(parts.newRequestId, parts.beginSpan))
  if (rates.client !== undefined) arrive = arrive.stage(LIMIT_RATE, limitClient(rates.client))
  if (certificates !== undefined) arrive = arrive.stage(CHECK_CERTIFICATE, checkCertificate(certificates))
  if (isOwnHost !== undefined) arrive = arrive.stage(KEEP_OWN_HOST, keepOwnHost(isOwnHost))

  let authenticated = StageChain.of<Traced>()
    .stage('classify-credentials', classifyCredentials(parts.classify))
    .stage('authenticate', authenticate(parts.authenticate))
  const { accountKey } = parts.authenticate
  if (rates.account !== undefined)
    authenticated = authenticated.stage(LIMIT_RATE, limitAccount(rates.account, accountKey))
  const admit = authenticated
    .stage('require-second-factor', requireSecondFactor(parts.secondFactor))
    .stage('map-identity', mapIdentity())
    .stage('impersonate', impersonate(parts.identityOut, parts.keepsBesideTokens))
  return { arrive, admit }
}
