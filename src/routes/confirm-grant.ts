/** Confirming a client that has one factor and waits for the second. */
import type { Config } from '../../config/schema.ts'
import type { AccountKeyOf } from '../account-key.ts'
import type { Clock } from '../clock.ts'
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import type { GrantRequest } from '../grants/grant-store.ts'
import type { Grants } from '../grants/grants.ts'
import type { Audit } from '../observability/audit.ts'
import type { GrantEvent } from '../observability/events.ts'
import type { Ops } from '../oidc/ops.ts'
import { describeClient, describeCover, describeNetwork } from '../refusal/display.ts'
import { type Html, html } from '../refusal/html.ts'
import type { Speech } from '../refusal/speech.ts'
import type { SessionRecord } from '../session/session-store.ts'
import { CONFIRMED_PATH, type ConfirmParts, confirmPath } from './confirm.ts'
import type { SignInParts } from './sign-in.ts'

export interface ConfirmGrantParts {
  readonly grants: Grants
  readonly ops: Pick<Ops, 'vouching'>
  readonly settings: Pick<Config['secondFactor'], 'grants'>
  readonly accountKey: AccountKeyOf
  readonly publicOrigin: string
  readonly now: Clock
  readonly audit: Audit
  readonly count: (event: GrantEvent) => void
}

export function findGrantRequest(parts: ConfirmGrantParts): ConfirmParts['findRequest'][number] {
  return async code => {
    const request = await parts.grants.request(code)
    if (request === undefined) return undefined
    const { accountKey, maxAgeSeconds, acceptAcr } = request
    return {
      ...{ code: request.code, accountKey, intent: 'confirm' as const, stepUp: { maxAgeSeconds, acceptAcr } },
      stolen: 'password',
      disown: (exchange, account) => disown(parts, request, exchange, account),
      question: (session, speech) => question(parts, request, session, speech),
    }
  }
}

/** Confirms after the new sign-in, which was judged by what the request demands. */
export function grantRequested({ grants, ops, accountKey, audit, count }: ConfirmGrantParts): SignInParts['fulfil'] {
  return async (exchange, { object: code }, { account, ...signIn }) => {
    const request = await grants.request(code)
    const { evidence } = signIn
    const outcome = request && (await grants.confirm(request, accountKey(account), evidence, ops.vouching(signIn)))
    // That page says that there is nothing to confirm.
    if (request === undefined || outcome !== 'confirmed') return confirmPath(code)
    count('confirmed')
    audit.write('second-factor-confirmed', exchange, { account, network: request.network })
    return CONFIRMED_PATH
  }
}

async function disown(
  { grants, audit, count }: ConfirmGrantParts,
  request: GrantRequest,
  exchange: Traced,
  account: string,
): Promise<void> {
  // It was confirmed or disowned concurrently.
  if (!(await grants.refuse(request))) throw new Fault('confirmation-gone')
  const { network, clientAddress } = request
  count('disowned')
  audit.write('confirmation-disowned', exchange, { account, network, askedFrom: clientAddress })
}

function question(
  { settings, now, publicOrigin }: ConfirmGrantParts,
  request: GrantRequest,
  session: SessionRecord,
  speech: Speech,
): Html {
  const { say } = speech
  const { clientAddress, clientClass, userAgent, createdAtMs, maxAgeSeconds, cover } = request
  const network = describeNetwork(request.network)
  const heldMs = 1000 * Math.min(settings.grants.lifetimeSeconds, maxAgeSeconds)
  return html`<p>${say('confirmGrant.text', { host: new URL(publicOrigin).host })}</p>
<dl>
<dt>${say('confirm.account')}</dt><dd>${session.account}</dd>
<dt>${say('confirm.program')}</dt><dd>${describeClient(speech, clientClass)}<br><small>${userAgent}</small></dd>
<dt>${say('confirmGrant.may')}</dt><dd>${describeCover(speech, cover, clientClass)}<br><small>${say('confirmGrant.nothingElse')}</small></dd>
<dt>${say('confirm.from')}</dt><dd>${clientAddress}<br><small>${say('confirmGrant.holds', { network })}</small></dd>
<dt>${say('confirm.asked')}</dt><dd>${speech.moment(createdAtMs, now())}</dd>
<dt>${say('confirmGrant.for')}</dt><dd>${say('confirmGrant.atMost', { duration: speech.duration(heldMs) })}</dd>
</dl>
<p><strong>${say('confirmGrant.only')}</strong> ${say('confirmGrant.otherwise')}</p>`
}
