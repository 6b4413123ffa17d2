/**
 * One turn after the other, A B A B, so that what disturbs the machine disturbs all subjects alike:
 *
 *   (verify, warm up) each -> per round: saturate each -> constant rate each
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contender, prepareLoad, requestsFor, verifyContender } from './contender-load.ts'
import { type Measured, newMeasured, type Turn } from './figures.ts'
import { sendAtConstantRate } from './generators/constant-rate.ts'
import { transfer } from './generators/transfer.ts'
import type { Origin } from './lab/origin.ts'
import { type Usage, usageOf } from './lab/process-usage.ts'
import type { Realm } from './lab/realm.ts'
import type { RequestScenario, Scenario, TransferScenario } from './scenario.ts'
import type { Subject } from './subject.ts'

export interface Durations {
  readonly rounds: number
  /** Once: later rounds find the compiled code and the caches of the ones before. */
  readonly warmUpS: number
  readonly saturationS: number
  readonly constantRateS: number
  /** Of the scenario's constant rate. */
  readonly rateShare: number
  /** In a turn, in place of its time, where each request may be sent once only. */
  readonly freshRequests: number
}

/** Many short rounds: on a shared machine the median of five turns that alternate says more than one long turn. */
export const FULL: Durations = {
  rounds: 5,
  warmUpS: 4,
  saturationS: 2,
  constantRateS: 4,
  rateShare: 1,
  freshRequests: 6000,
}
export const SHORT: Durations = {
  rounds: 1,
  warmUpS: 1,
  saturationS: 2,
  constantRateS: 2,
  rateShare: 0.2,
  freshRequests: 1000,
}

export interface Setting {
  readonly scenario: Scenario
  readonly durations: Durations
  readonly origin: Origin
  readonly realm: Realm | undefined
  readonly directory: string
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
  /** What else is measured between the turns. */
  readonly afterRound: () => Promise<void>
}

/**
 * Measures every contender. `kdcRequests`: of their starts, by name.
 * @throws where one does not answer as it should, and when aborted.
 */
export async function measure(
  contenders: readonly Contender[],
  kdcRequests: ReadonlyMap<string, number>,
  setting: Setting,
): Promise<Map<string, Measured>> {
  const { scenario, realm } = setting
  const measured = new Map(contenders.map(({ subject: { name } }) => [name, newMeasured(kdcRequests.get(name))]))
  const each: Each = async (what, turn, among = () => true) => {
    for (const contender of contenders.filter(among)) {
      setting.signal.throwIfAborted()
      const { name, server } = contender.subject
      const into = measured.get(name) ?? newMeasured()
      const before = realm?.kdcRequests() ?? 0
      const outcome = await turn(contender, into)
      into.kdcRequests += (realm?.kdcRequests() ?? 0) - before
      server?.forgetOutput()
      setting.tell(`${what}: ${name} ${outcome}`)
    }
  }
  if (scenario.kind === 'requests') await measureRequests(scenario, setting, each)
  else await measureTransfers(scenario, setting, each)
  return measured
}

type Each = (
  what: string,
  turn: (contender: Contender, into: Measured) => Promise<string>,
  among?: (contender: Contender) => boolean,
) => Promise<void>

/** The origin server alone is there for its latency. */
const isProxy = ({ subject }: Contender) => subject.server !== undefined

async function measureRequests(scenario: RequestScenario, setting: Setting, each: Each): Promise<void> {
  const { durations, signal } = setting
  const { connections } = scenario
  const { freshRequests } = durations
  const loadSetting = { ...setting, scenario }

  await each('verify and warm up', async (contender, into) => {
    await verifyContender(contender, loadSetting)
    const load = await prepareLoad(contender, { durationS: durations.warmUpS, freshRequests }, loadSetting)
    const { errors, upstreamSockets } = await account(setting, contender.subject, load)
    into.errors += errors
    into.warmUpSockets = upstreamSockets
    return `answers as it should`
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
  const requestsPerSecond = scenario.requestsPerSecond * durations.rateShare
  const [durationS, warmUpS] = [durations.constantRateS, 1]
  await each(`constant rate ${requestsPerSecond}/s`, async (contender, into) => {
    const requests = await requestsFor(contender, (durationS + warmUpS) * requestsPerSecond, loadSetting)
    const order = { port: contender.subject.port, connections, requestsPerSecond, durationS, warmUpS, requests }
    const outcome = await sendAtConstantRate(order, signal)
    for (const latencyMs of outcome.latenciesMs) into.latenciesMs.push(latencyMs)
    into.errors += outcome.errors
    return `${outcome.latenciesMs.length} answers`
  })
}

async function measureTransfers(scenario: TransferScenario, setting: Setting, each: Each): Promise<void> {
  const { directory, durations, signal } = setting
  const { uploadBytes } = scenario
  const uploadFile = uploadBytes === undefined ? undefined : join(directory, 'upload')
  if (uploadFile !== undefined) writeFileSync(uploadFile, Buffer.alloc(uploadBytes ?? 0, 'torhaus '))
  // The first round warms up and does not count.
  for (let round = 0; round <= durations.rounds; round++) {
    await each(`transfer ${round}/${durations.rounds}`, async ({ subject, credentials: [credentials] }, into) => {
      const { count } = scenario
      if (credentials === undefined) throw new Error('a transfer needs a user')
      const what = { count, request: scenario.request(credentials), uploadFile, uploadBytes: uploadBytes ?? 0 }
      const turn = await account(setting, subject, () => transfer({ port: subject.port, ...what, signal }))
      if (round === 0) into.errors += turn.errors
      else {
        into.turns.push(turn)
        into.latenciesMs.push((turn.durationS / turn.requests) * 1000)
      }
      return `${Math.round(turn.bytes / turn.durationS / 1e6)} MB/s${cpuOf(turn)}`
    })
  }
}

interface Load {
  readonly requests: number
  readonly durationS: number
  readonly errors: number
  readonly bytes?: number
  readonly generatorCpuUs?: number
}

/** Runs a load and counts what the proxy used for it, and which answers did not come from the origin server. */
async function account(setting: Setting, { server }: Subject, run: () => Promise<Load>): Promise<Turn> {
  const countsBefore = await setting.origin.counts()
  const before = server && usageOf(server.pid)
  const load = await run()
  const after = server && usageOf(server.pid)
  const counts = await setting.origin.counts()
  return {
    requests: load.requests,
    durationS: load.durationS,
    bytes: load.bytes ?? 0,
    cpuUs: used(before, after),
    // More answers than arrivals: the proxy answered by itself, with a redirect or a refusal.
    errors: load.errors + Math.max(0, load.requests - (counts.requests - countsBefore.requests)),
    residentBytes: after?.residentBytes ?? 0,
    upstreamSockets: counts.connections - countsBefore.connections,
    generatorCpuUs: load.generatorCpuUs,
  }
}

const used = (before: Usage | undefined, after: Usage | undefined) =>
  before === undefined || after === undefined ? undefined : after.cpuUs - before.cpuUs

const cpuOf = ({ cpuUs, requests }: Turn) =>
  cpuUs === undefined ? '' : `, ${(cpuUs / requests).toFixed(1)} us CPU per request`
