/**
 * What requests ask of Redis once everybody is known: the rate of the mission for a minute, in which what is noted once a
 * minute comes up as often as it should, after as long a time to get there.
 */
import { sendAtConstantRate } from '../generators/constant-rate.ts'
import { REDIS_COMMANDS } from '../results/scenario-result.ts'
import type { RequestScenario } from '../scenario.ts'
import { requestsFor } from './contender-load.ts'
import type { Each, Setting } from './setting.ts'

const REDIS_CPU = 'Redis CPU us/request'

export async function measureStore(scenario: RequestScenario, setting: Setting, each: Each): Promise<void> {
  const { redis, durations, tls, signal } = setting
  if (redis === undefined) return
  const { steadyRps: requestsPerSecond, steadyS: durationS } = durations
  await each(
    `steady ${requestsPerSecond}/s`,
    async (contender, into) => {
      const { subject, population } = contender
      const requests = await requestsFor(contender, 2 * requestsPerSecond * durationS, { ...setting, scenario })
      const what = { requests, lists: population?.lists, requestsPerSecond, durationS, warmUpS: 0 }
      const order = { port: subject.port, connections: scenario.connections, ca: tls?.ca, ...what }
      into.errors += (await sendAtConstantRate(order, signal)).errors
      subject.server?.forgetOutput()
      const before = await redis.counts()
      const { latenciesMs, errors } = await sendAtConstantRate(order, signal)
      const after = await redis.counts()
      into.errors += errors
      into.more[REDIS_COMMANDS] = (after.commands - before.commands) / latenciesMs.length
      into.more[REDIS_CPU] = (after.cpuUs - before.cpuUs) / latenciesMs.length
      return `${latenciesMs.length} answers, ${into.more[REDIS_COMMANDS].toFixed(3)} ${REDIS_COMMANDS}`
    },
    ({ subject }) => subject.hasStore === true,
  )
}
