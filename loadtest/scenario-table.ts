/** Scenarios by name. */
import type { Scenario } from './scenario.ts'
import { bearer } from './scenarios/bearer.ts'
import { bulk } from './scenarios/bulk.ts'
import { bulkUp } from './scenarios/bulk-up.ts'
import { handshake } from './scenarios/handshake.ts'
import { idleWebsockets } from './scenarios/idle-websockets.ts'
import { impersonated } from './scenarios/impersonated.ts'
import { missionDay } from './scenarios/mission-day.ts'
import { mixed } from './scenarios/mixed.ts'
import { negotiate } from './scenarios/negotiate.ts'
import { pat } from './scenarios/pat.ts'
import { patGit } from './scenarios/pat-git.ts'
import { session } from './scenarios/session.ts'
import { signInStorm } from './scenarios/sign-in-storm.ts'

const scenarios: readonly Scenario[] = [
  ...[session, bearer, pat, patGit, mixed, negotiate, impersonated],
  ...[missionDay, bulk, bulkUp, handshake, signInStorm, idleWebsockets],
]

export const scenarioTable: ReadonlyMap<string, Scenario> = new Map(
  scenarios.map(scenario => [scenario.name, scenario]),
)
