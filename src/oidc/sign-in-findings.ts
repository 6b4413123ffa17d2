/** What the claims of a sign-in lack, and which option is about it. No input or output here. */
import type { Config, ProviderSettings } from '../../config/schema.ts'
import { causeChain } from '../cause-chain.ts'
import { judgeSecondFactor } from '../policy/second-factor.ts'
import { missingClaims } from './account.ts'
import type { Claims } from './claims.ts'
import { groupsIn } from './group-claims.ts'
import type { Finding } from './op-findings.ts'
import type { Op } from './ops.ts'
import { signInEvidence } from './sign-in-evidence.ts'

const found = (option: Finding['option'], message: string): Finding => ({ check: 'sign-in', option, message })

/** `askedAtMs`: when the sign-in began. */
export function signInFindings(
  { settings, mapAccount, accountTemplate }: Pick<Op, 'accountTemplate' | 'mapAccount' | 'settings'>,
  secondFactor: Config['secondFactor'],
  claims: Claims,
  askedAtMs: number,
  nowMs: number,
): Finding[] {
  const evidence = signInEvidence(settings, secondFactor, claims, askedAtMs)
  const { acr, acrs, amr, authTime, byPolicy } = evidence
  const findings: Finding[] = []
  const proven = judgeSecondFactor(
    { ...secondFactor, maxAgeSeconds: Number.POSITIVE_INFINITY },
    { ...evidence, authTime: nowMs / 1000 },
    nowMs,
  )
  if (proven !== 'satisfied' && byPolicy !== true) {
    const came = `acr=${acr ?? 'missing'}, acrs=${acrs.join(' ') || 'missing'}, amr=${amr.join(' ') || 'missing'}`
    findings.push(found('secondFactor', `no second factor is proven: ${came}; accepted: ${acceptedBy(secondFactor)}`))
  }
  const ageS = authTime === undefined ? undefined : Math.round(nowMs / 1000 - authTime)
  if (ageS === undefined || authTime === 0)
    findings.push(found('authTimeFromSignIn', `${settings.idToken.authTime} is missing: have the OP send it`))
  else if (ageS < -settings.clockToleranceSeconds)
    findings.push(found('clockToleranceSeconds', `${settings.idToken.authTime} is ${-ageS} s ahead by our clock`))
  else if (ageS > secondFactor.maxAgeSeconds)
    findings.push(found('issuer', `the sign-in was ${ageS} s ago: the OP takes no notice of max_age`))
  if (mapAccount(claims) === undefined) findings.push(accountFinding(accountTemplate, claims))
  const groups = groupsIn(claims, settings.idToken.groups)
  if ('unknown' in groups) findings.push(found('idToken', `idToken.groups: ${groups.unknown}`))
  return findings
}

function accountFinding(template: string, claims: Claims): Finding {
  const missing = missingClaims(template, claims)
  const why = missing.length === 0 ? 'does not fit, or is not of this provider' : `lacks ${missing.join(', ')}`
  return found('account', `the account ${template} ${why}; claims that came: ${Object.keys(claims).join(', ')}`)
}

const acceptedBy = ({ acceptAcr, acceptAcrs, acceptAmr }: Config['secondFactor']) =>
  Object.entries({ acceptAcr, acceptAcrs, acceptAmr })
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `${name} ${values.join(' ')}`)
    .join(', ')

/** Of a sign-in that came to nothing. */
export const refusedSignIn = (error: Error, { issuer }: ProviderSettings): Finding =>
  found('issuer', `the sign-in at ${issuer} came to nothing: ${causeChain(error)}`)
