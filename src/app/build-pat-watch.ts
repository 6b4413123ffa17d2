import { addressSet } from '../../config/address-range.ts'
import { type ConfirmPat, type ConfirmPatParts, confirmPat } from '../pats/confirm-pat.ts'
import { type PatWatch, patWatch } from '../pats/pat-watch.ts'
import type { Services } from './open-services.ts'
import type { PatReport } from './pat-report.ts'

export type PatWatchNeeds = Pick<Services, 'accountKey' | 'config' | 'now' | 'patConfirmations' | 'pats'>

/**
 * Watches personal access tokens. `report` receives the findings; `ask` opens a request that the owner must confirm.
 */
export function buildPatWatch(
  needs: PatWatchNeeds,
  report: PatReport,
  ask: ConfirmPatParts['confirmations']['ask'],
): PatWatch {
  const { config, now, pats: register, accountKey } = needs
  return patWatch({
    ...{ register, accountKey, now },
    ...report,
    confirm: confirmsPat(needs, report, ask),
    policy: config.credentials.patPolicy,
    networks: config.secondFactor.grants,
    accountField: config.credentials.patAccountField,
  })
}

function confirmsPat(
  { config, patConfirmations }: PatWatchNeeds,
  { judged, asked }: PatReport,
  ask: ConfirmPatParts['confirmations']['ask'],
): ConfirmPat | undefined {
  const { confirm, confirmExceptFrom, reportOnly } = config.credentials.patPolicy
  if (confirm === 'never') return undefined
  return confirmPat({
    ...{ confirm, reportOnly, judged, asked },
    isExempt: addressSet(confirmExceptFrom),
    networks: config.secondFactor.grants,
    confirmations: { said: (...token) => patConfirmations.said(...token), ask },
  })
}
