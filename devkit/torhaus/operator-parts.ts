/** What the operator's page is given, beside the supervisor that gives it otherwise. */
import type { OperatorDesk } from '../../src/app/operator-desk.ts'
import { operatorForms } from '../../src/app/operator-forms.ts'
import type { Clock } from '../../src/clock.ts'
import type { OperatorParts } from '../../src/operator/operator-routes.ts'
import { workersDesk } from '../../src/process/workers-desk.ts'

const none = () => []

/** `desk`: of one worker; undefined: there is no worker to ask. */
export const operatorParts = (
  desk: OperatorDesk | undefined,
  snapshot: OperatorParts['snapshot'],
  now: Clock,
): OperatorParts => ({ desk: desk ?? workersDesk(none, none), snapshot, forms: operatorForms(now), now })
