/** A client with one factor that waits for the second: what its person confirms. */
import type { Config } from '../../config/schema.ts'
import type { AccountKeyOf } from '../account-key.ts'
import type { Clock } from '../clock.ts'
import type { GrantRequest } from '../grants/grant-store.ts'
import type { Grants } from '../grants/grants.ts'
import type { Audit } from '../observability/audit.ts'
import type { GrantEvent } from '../observability/events.ts'
import { describeClient, describeCover, describeDuration, describeNetwork, describeTime } from '../refusal/display.ts'
import { type Html, html } from '../refusal/html.ts'
import type { SessionRecord } from '../session/session-store.ts'
import { CONFIRMED_PATH, type ConfirmParts, confirmPath } from './confirm.ts'
import type { SignInParts } from './sign-in.ts'

export interface ConfirmGrantParts {
  readonly grants: Grants
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
      question: session => question(parts, request, session),
    }
  }
}

/** The person has signed in anew. The sign-in was judged by what the request asks for. */
export function grantRequested({ grants, accountKey, audit, count }: ConfirmGrantParts): SignInParts['fulfil'] {
  return async (exchange, { object: code }, { account, evidence }) => {
    const request = await grants.request(code)
    const outcome = request && (await grants.confirm(request, accountKey(account), evidence))
    // There the page says that there is nothing to confirm.
    if (request === undefined || outcome !== 'confirmed') return confirmPath(code)
    count('confirmed')
    audit.write('second-factor-confirmed', exchange, { account, network: request.network })
    return CONFIRMED_PATH
  }
}

function question(parts: ConfirmGrantParts, request: GrantRequest, session: SessionRecord): Html {
  const { settings, now, publicOrigin } = parts
  const { clientAddress, network, clientClass, userAgent, createdAtMs, maxAgeSeconds, cover } = request
  const heldSeconds = Math.min(settings.grants.lifetimeSeconds, maxAgeSeconds)
  return html`<p>A program that cannot ask you for a second factor wants to use ${new URL(publicOrigin).host} as you.</p>
<dl>
<dt>Account</dt><dd>${session.account}</dd>
<dt>Program</dt><dd>${describeClient(clientClass)}<br><small>${userAgent}</small></dd>
<dt>May then</dt><dd>${describeCover(cover, clientClass)}<br><small>and nothing else: no tokens, keys, service hooks or members</small></dd>
<dt>From</dt><dd>${clientAddress}<br><small>will hold for ${describeNetwork(network)}</small></dd>
<dt>Asked</dt><dd>${describeTime(createdAtMs, now())}</dd>
<dt>Holds for</dt><dd>${describeDuration(heldSeconds * 1000)} at most</dd>
</dl>
<p><strong>Confirm only what you started yourself, just now.</strong> If you did not, somebody else has your password: close this page, and tell your help desk.</p>`
}
