/** What the token of a test sign-in lacks, and which option concerns that. This file does no I/O. */
import type { Config, ProviderSettings } from '../../config/schema.ts'
import { causeChain } from '../cause-chain.ts'
import { judgeSecondFactor } from '../policy/second-factor.ts'
import { missingClaims } from './account.ts'
import type { Claims } from './claims.ts'
import { groupsIn } from './group-claims.ts'
import { apart, type Finding } from './op-findings.ts'
import type { TriedToken } from './tried-token.ts'

type Found = (option: Finding['option'], message: string) => Finding

/** Under which names such a token says it, and where that is configured. */
interface Naming {
  readonly section: 'accessToken' | 'idToken'
  /** Which option helps where the time is missing. */
  readonly ofTime: 'accessToken' | 'authTimeFromSignIn'
}

const NAMING: Readonly<Record<TriedToken['kind'], Naming>> = {
  device: { section: 'accessToken', ofTime: 'accessToken' },
  'sign-in': { section: 'idToken', ofTime: 'authTimeFromSignIn' },
}

/** `template`: of the account, in such a token. */
export function tokenFindings(
  tried: TriedToken,
  settings: ProviderSettings,
  template: string,
  secondFactor: Config['secondFactor'],
  nowMs: number,
): Finding[] {
  const { kind, claims, account } = tried
  const found: Found = (option, message) => ({ check: kind, option, message })
  const { section } = NAMING[kind]
  const groups = groupsIn(claims, settings[section].groups)
  return [
    issueFinding(tried, settings, nowMs, found),
    factorFinding(tried, secondFactor, found),
    timeFinding(tried, settings, secondFactor, nowMs, found),
    account === undefined ? accountFinding(template, claims, found) : undefined,
    'unknown' in groups ? found(section, `${section}.groups: ${groups.unknown}`) : undefined,
  ].filter(finding => finding !== undefined)
}

/** A token that was just issued says what time it is at the OP; some, Keycloak among them, send no Date field. */
function issueFinding(
  { claims: { iat } }: TriedToken,
  { clockToleranceSeconds }: ProviderSettings,
  nowMs: number,
  found: Found,
): Finding | undefined {
  const aheadS = typeof iat === 'number' ? Math.round(iat - nowMs / 1000) : 0
  if (Math.abs(aheadS) <= clockToleranceSeconds + ISSUE_TAKES_S) return undefined
  return found('clockToleranceSeconds', `the OP issued it ${apart(aheadS)} our clock: synchronize the clocks`)
}

/** From the token of the OP to our look at it. */
const ISSUE_TAKES_S = 10

function factorFinding({ evidence }: TriedToken, secondFactor: Config['secondFactor'], found: Found) {
  const timeless = { ...secondFactor, maxAgeSeconds: Number.POSITIVE_INFINITY }
  if (judgeSecondFactor(timeless, { ...evidence, authTime: 0 }, 0) === 'satisfied') return undefined
  const { acr, acrs, amr } = evidence
  const came = `acr=${acr ?? 'missing'}, acrs=${acrs.join(' ') || 'missing'}, amr=${amr.join(' ') || 'missing'}`
  return found('secondFactor', `no second factor is proven: ${came}; accepted: ${acceptedBy(secondFactor)}`)
}

function timeFinding(
  { kind, evidence: { authTime } }: TriedToken,
  settings: ProviderSettings,
  { maxAgeSeconds }: Config['secondFactor'],
  nowMs: number,
  found: Found,
): Finding | undefined {
  const { section, ofTime } = NAMING[kind]
  const name = settings[section].authTime
  const ageS = authTime === undefined ? undefined : Math.round(nowMs / 1000 - authTime)
  if (ageS === undefined || authTime === 0) return found(ofTime, `${name} is missing: configure the OP to send it`)
  if (ageS < -settings.clockToleranceSeconds)
    return found('clockToleranceSeconds', `${name} is ${-ageS} s ahead by our clock`)
  if (ageS <= maxAgeSeconds) return undefined
  const why = kind === 'device' ? 'configure the OP to authenticate again' : 'the OP ignores max_age'
  return found('issuer', `the sign-in was ${ageS} s ago: ${why}`)
}

function accountFinding(template: string, claims: Claims, found: Found): Finding {
  const missing = missingClaims(template, claims)
  const why =
    missing.length === 0 ? 'does not match, or does not belong to this provider' : `lacks ${missing.join(', ')}`
  return found('account', `the account ${template} ${why}; claims received: ${Object.keys(claims).join(', ')}`)
}

const acceptedBy = ({ acceptAcr, acceptAcrs, acceptAmr }: Config['secondFactor']) =>
  Object.entries({ acceptAcr, acceptAcrs, acceptAmr })
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `${name} ${values.join(' ')}`)
    .join(', ')

/** Of a sign-in that came to nothing. */
export const refusedSignIn = (
  check: TriedToken['kind'],
  error: Error,
  { issuer, deviceClientId }: ProviderSettings,
): Finding => {
  const why = causeChain(error)
  const usual = check === 'device' ? 'deviceClientId' : 'issuer'
  return {
    ...{ check, option: why.includes('by our clock') ? 'clockToleranceSeconds' : usual },
    message: `the ${check === 'device' ? `device flow of ${deviceClientId}` : 'sign-in'} at ${issuer} failed: ${why}`,
  }
}
