/** (verify, warm up) each -> per round: saturate each -> per round: constant rate each -> what Redis is asked */
import { sendAtConstantRate } from '../generators/constant-rate.ts'
import { latencyRate, type RequestScenario } from '../scenario.ts'
import { account, cpuOf } from './account.ts'
import { type Contender, introduceEverybody, prepareLoad, requestsFor, verifyContender } from './contender-load.ts'
import { measureStore } from './measure-store.ts'
import type { Each, Setting } from './setting.ts'

/** Before latencies count, at the constant rate. */
const SETTLE_S = 0.5
const MAX_WARM_UPS = 12

/** The origin server alone is there for its latency. */
const isProxy = ({ subject }: Contender) => subject.server !== undefined

export async function measureRequests(scenario: RequestScenario, setting: Setting, each: Each): Promise<void> {
  const { durations } = setting
  const { freshRequests } = durations
  const loadSetting = { ...setting, scenario }

  await each('verify and warm up', async (contender, into) => {
    await verifyContender(contender, loadSetting)
    const { subject, population } = contender
    const times = subject.remembersSenders === true ? durations.warmUpTimes : 0
    const enough = times * (population?.identities ?? 0)
    let sent = 0
    if (scenario.kerberos?.isCrowdThere === true && subject.remembersSenders === true) {
      const introduced = await introduceEverybody(contender, loadSetting)
      sent = introduced.requests
      into.errors += introduced.errors
    }
    for (let turn = 0; turn === 0 || (sent < enough && turn < MAX_WARM_UPS); turn++) {
      const load = await prepareLoad(contender, { durationS: durations.warmUpS, freshRequests }, loadSetting)
      const { requests, errors, upstreamSockets } = await account(setting, subject, load)
      sent += requests
      into.errors += errors
      into.warmUpSockets = Math.max(into.warmUpSockets, upstreamSockets)
    }
    return `answers as it should; ${sent} requests`
  })
  for (let round = 1; round <= durations.rounds; round++) {
    await each(
      `saturation ${round}/${durations.rounds}`,
      async (contender, into) => {
        const load = await prepareLoad(contender, { durationS: durations.saturationS, freshRequests }, loadSetting)
        const turn = await account(setting, contender.subject, load)
        into.turns.push(turn)
        return `${Math.round(turn.requests / turn.durationS)}/s${cpuOf(turn)}`
      },
      isProxy,
    )
    await setting.afterRound()
  }
  await measureLatency(scenario, setting, each)
  await measureStore(scenario, setting, each)
}

async function measureLatency(scenario: RequestScenario, setting: Setting, each: Each): Promise<void> {
  const { durations, signal, tls } = setting
  const { connections } = scenario
  const requestsPerSecond = latencyRate(scenario, tls !== undefined, durations.rateShare)
  const seconds = { durationS: durations.constantRateS, warmUpS: SETTLE_S }
  const count = (seconds.durationS + seconds.warmUpS) * requestsPerSecond
  for (let round = 1; round <= durations.latencyRounds; round++) {
    await each(`${requestsPerSecond}/s ${round}/${durations.latencyRounds}`, async (contender, into) => {
      const requests = await requestsFor(contender, count, { ...setting, scenario })
      const { subject, population } = contender
      const what = { requests, lists: population?.lists, requestsPerSecond, ...seconds }
      const order = { port: subject.port, connections, ca: tls?.ca, ...what }
      const { latenciesMs, latenessMs, errors } = await sendAtConstantRate(order, signal)
      for (const latencyMs of latenciesMs) into.latenciesMs.push(latencyMs)
      for (const lateMs of latenessMs) into.latenessMs.push(lateMs)
      into.errors += errors
      return `${latenciesMs.length} answers`
    })
  }
}
