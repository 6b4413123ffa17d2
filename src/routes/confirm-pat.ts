/** Confirming a personal access token for a network where its owner has not confirmed it, and withdrawing that. */
import { type NetworkSettings, networkOf } from '../../config/address-prefix.ts'
import type { AccountKey, AccountKeyOf } from '../account-key.ts'
import type { Clock } from '../clock.ts'
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import type { Audit } from '../observability/audit.ts'
import type { PatConfirmationEvent } from '../observability/events.ts'
import type { PatRequest, PatScope } from '../pats/pat-confirmation-store.ts'
import type { PatConfirmations } from '../pats/pat-confirmations.ts'
import type { PatRegister } from '../pats/pat-register.ts'
import type { SecondFactorRule } from '../policy/second-factor.ts'
import { describeClient, describeNetwork } from '../refusal/display.ts'
import { type Html, html } from '../refusal/html.ts'
import type { Speech } from '../refusal/speech.ts'
import type { SessionRecord } from '../session/session-store.ts'
import { CONFIRMED_PATH, type ConfirmParts, confirmPath } from './confirm.ts'
import { ACCOUNT_PAGE, acting, type OwnPageParts } from './own-page.ts'
import { networkFrom } from './pat-networks.ts'
import { type Route, seeOther } from './reply.ts'
import type { SignInParts } from './sign-in.ts'

export interface ConfirmPatParts {
  readonly patConfirmations: PatConfirmations
  readonly rule: SecondFactorRule
  readonly accountKey: AccountKeyOf
  readonly publicOrigin: string
  readonly now: Clock
  readonly audit: Audit
  readonly countPat: (event: PatConfirmationEvent) => void
}

export interface OwnPatConfirmationParts extends OwnPageParts, ConfirmPatParts {
  readonly pats: PatRegister
  readonly accountKeys: (account: string) => readonly AccountKey[]
  /** Prefix lengths of networks, as for tokens. */
  readonly networks: NetworkSettings
}

export function findPatRequest(parts: ConfirmPatParts): ConfirmParts['findRequest'][number] {
  const { patConfirmations, rule } = parts
  return async code => {
    const request = await patConfirmations.request(code)
    if (request === undefined) return undefined
    return {
      ...{ code: request.code, accountKey: request.accountKey, intent: 'confirm-pat' as const },
      stepUp: { maxAgeSeconds: rule.maxAgeSeconds, acceptAcr: undefined },
      stolen: 'token',
      disown: (exchange, account) => disown(parts, request, exchange, account),
      question: (session, speech) => question(parts, request, session, speech),
    }
  }
}

/** Confirms after the owner's new sign-in. */
export function patConfirmed({
  patConfirmations,
  accountKey,
  audit,
  countPat,
}: ConfirmPatParts): SignInParts['fulfil'] {
  return async (exchange, { object: code }, { account }) => {
    const request = await patConfirmations.request(code)
    // That page says that there is nothing to confirm.
    if (request === undefined || !(await patConfirmations.confirm(request, accountKey(account))))
      return confirmPath(code)
    countPat('confirmed')
    audit.write('second-factor-confirmed', exchange, { account, pat: request.fingerprint, network: request.network })
    return CONFIRMED_PATH
  }
}

/** POST /.torhaus/pats/confirm/FINGERPRINT/NETWORK: before the first use there; asks as a refusal's link does. */
export function confirmPatAhead(parts: OwnPatConfirmationParts): Route {
  return acting(parts, 'gives', async (exchange, session) => {
    const scope = await ownScope(parts, exchange, session)
    const { request } = await parts.patConfirmations.ask(scope, exchange)
    return seeOther(confirmPath(request.code))
  })
}

/** POST /.torhaus/pats/withdraw/FINGERPRINT/NETWORK */
export function withdrawPat(parts: OwnPatConfirmationParts): Route {
  const { patConfirmations, audit, countPat } = parts
  return acting(parts, 'takes', async (exchange, session) => {
    const scope = await ownScope(parts, exchange, session)
    await patConfirmations.withdraw(scope)
    countPat('withdrawn')
    audit.write('pat-withdrawn', exchange, {
      ...{ account: session.account, pat: scope.fingerprint, network: scope.network },
    })
    return seeOther(ACCOUNT_PAGE)
  })
}

/** The token and network in the path, if the token belongs to the person. */
async function ownScope(parts: OwnPatConfirmationParts, exchange: Traced, session: SessionRecord): Promise<PatScope> {
  const { pats, patConfirmations, accountKeys, networks } = parts
  const [segment = '', fingerprint = ''] = exchange.target.path.split('/').reverse()
  const accountKey = parts.accountKey(session.account)
  const isIt = (place: { readonly fingerprint: string }) => place.fingerprint === fingerprint
  const decided = (await patConfirmations.of(accountKey)).filter(isIt)
  const seen = (await pats.of(accountKeys(session.account))).filter(isIt)
  const places = [...decided, ...seen.flatMap(token => token.networks)].map(place => place.network)
  const network = networkFrom(segment, [networkOf(exchange.clientAddress, networks), ...places])
  const isOwn = decided.length + seen.length > 0
  if (network === undefined || !isOwn) throw new Fault('confirmation-gone')
  return { accountKey, fingerprint, network }
}

async function disown(
  { patConfirmations, audit, countPat }: ConfirmPatParts,
  request: PatRequest,
  exchange: Traced,
  account: string,
): Promise<void> {
  if (!(await patConfirmations.refuse(request))) throw new Fault('confirmation-gone')
  const { fingerprint, network, clientAddress } = request
  countPat('disowned')
  audit.write('confirmation-disowned', exchange, { account, pat: fingerprint, network, askedFrom: clientAddress })
}

function question(
  { now, publicOrigin }: ConfirmPatParts,
  request: PatRequest,
  session: SessionRecord,
  speech: Speech,
): Html {
  const { say } = speech
  const { fingerprint, clientAddress, clientClass, createdAtMs } = request
  const page = html`<a href="${ACCOUNT_PAGE}">${say('confirmed.page')}</a>`
  const network = describeNetwork(request.network)
  return html`<p>${say('confirmPat.text', { host: new URL(publicOrigin).host })}</p>
<dl>
<dt>${say('confirm.account')}</dt><dd>${session.account}</dd>
<dt>${say('confirmPat.token')}</dt><dd><code>${fingerprint}</code><br><small>${say('confirmPat.fingerprint', { page })}</small></dd>
<dt>${say('confirm.program')}</dt><dd>${describeClient(speech, clientClass)}</dd>
<dt>${say('confirm.from')}</dt><dd>${clientAddress}<br><small>${say('confirmPat.holds', { network })}</small></dd>
<dt>${say('confirm.asked')}</dt><dd>${speech.moment(createdAtMs, now())}</dd>
</dl>
<p><strong>${say('confirmPat.only')}</strong> ${say('confirmPat.otherwise')}</p>`
}
