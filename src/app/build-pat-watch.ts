import { type PatWatch, patWatch } from '../pats/pat-watch.ts'
import type { Services } from './open-services.ts'
import type { PatReport } from './pat-report.ts'

export type PatWatchNeeds = Pick<Services, 'config' | 'now' | 'pats' | 'accountKey'>

/** Watches personal access tokens; `report` hears what it finds. */
export function buildPatWatch({ config, now, pats: register, accountKey }: PatWatchNeeds, report: PatReport): PatWatch {
  return patWatch({
    ...{ register, accountKey, now },
    ...report,
    policy: config.credentials.patPolicy,
    networks: config.secondFactor.grants,
    accountField: config.credentials.patAccountField,
  })
}
