/**
 * Per round: a storm of sign-ins at each. What is wrong with one of them, and sessions more or fewer than sign-ins, are
 * errors.
 */
import { signInStorm } from '../generators/sign-in-storm.ts'
import { SMALL_BYTES } from '../lab/origin.ts'
import type { SignInScenario } from '../scenario.ts'
import type { Subject } from '../subject.ts'
import { account, cpuOf } from './account.ts'
import type { Each, Setting } from './setting.ts'

const SESSIONS_MADE = 'sessions made'

/** In the first storm, which only warms up. */
const WARM_UP_COUNT = 10

export async function measureSignIns(scenario: SignInScenario, setting: Setting, each: Each): Promise<void> {
  const { durations, signal } = setting
  const { perSecond } = scenario
  for (let round = 0; round <= durations.signInRounds; round++) {
    await each(
      `sign-ins ${round}/${durations.signInRounds}`,
      async ({ subject }, into) => {
        const count = round === 0 ? WARM_UP_COUNT : scenario.count
        const sessionsBefore = subject.sessionsMade?.() ?? 0
        const latenciesMs: number[] = []
        const turn = await account(setting, subject, async () => {
          const storm = await signInStorm({ perSecond, count, signIn: signInAt(subject, setting), signal })
          latenciesMs.push(...storm.latenciesMs)
          return storm
        })
        const sessions = subject.sessionsMade === undefined ? undefined : subject.sessionsMade() - sessionsBefore
        if (sessions !== undefined) {
          into.more[SESSIONS_MADE] = (into.more[SESSIONS_MADE] ?? 0) + sessions
          into.errors += Math.abs(sessions - turn.requests)
        }
        if (round === 0) into.errors += turn.errors
        else {
          into.turns.push(turn)
          into.latenciesMs.push(...latenciesMs)
        }
        return `${turn.requests} of ${count} in ${turn.durationS.toFixed(1)} s${cpuOf(turn, 'sign-in')}`
      },
      ({ subject }) => subject.signInPages !== undefined,
    )
  }
}

function signInAt({ signInPages }: Subject, { identityProvider }: Setting): () => Promise<boolean> {
  if (signInPages === undefined) throw new Error('a storm of sign-ins needs a page to begin at')
  return async () => {
    const { status, text } = await identityProvider.newBrowser(signInPages.start)
    return status === 200 && text.length === SMALL_BYTES
  }
}
