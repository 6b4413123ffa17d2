/** Scenarios by name. */
import type { Scenario } from './scenario.ts'
import { bearer } from './scenarios/bearer.ts'
import { bulk } from './scenarios/bulk.ts'
import { bulkUp } from './scenarios/bulk-up.ts'
import { impersonated } from './scenarios/impersonated.ts'
import { missionDay } from './scenarios/mission-day.ts'
import { mixed } from './scenarios/mixed.ts'
import { negotiate } from './scenarios/negotiate.ts'
import { pat } from './scenarios/pat.ts'
import { session } from './scenarios/session.ts'

export const scenarioTable: ReadonlyMap<string, Scenario> = new Map(
  [session, bearer, pat, mixed, negotiate, impersonated, missionDay, bulk, bulkUp].map(scenario => [
    scenario.name,
    scenario,
  ]),
)
