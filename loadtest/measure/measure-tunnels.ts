/**
 * One turn each: open all tunnels -> let them idle -> one echo through each -> close. Memory of a tunnel is what the
 * proxy has more after they were opened, what its heap grew by meanwhile included: the first tunnels of a new process.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Tunnels } from '../generators/tunnels.ts'
import { TUNNEL_TARGET } from '../lab/origin.ts'
import { usageOf } from '../lab/process-usage.ts'
import type { TunnelScenario } from '../scenario.ts'
import type { Subject } from '../subject.ts'
import { account, cpuOf } from './account.ts'
import type { Contender } from './contender-load.ts'
import type { Measured } from './figures.ts'
import type { Each, Setting } from './setting.ts'

const OPENED_AT_A_TIME = 32
/** Enough to see that it can tunnel at all. */
const VERIFIED_TUNNELS = 5
/** For what opening left to do. */
const SETTLE_MS = 1000

export async function measureTunnels(scenario: TunnelScenario, setting: Setting, each: Each): Promise<void> {
  const count = Math.round(scenario.count * setting.durations.tunnelShare)
  await each('verify', async contender => {
    const tunnels = new Tunnels()
    await tunnels.open(VERIFIED_TUNNELS, 1, optionsFor(contender, scenario, setting))
    const echoes = (await tunnels.echo()).length
    tunnels.close()
    if (echoes < VERIFIED_TUNNELS)
      throw new Error(
        `${contender.subject.name} does not tunnel: ${[...tunnels.refusals.keys()].join(', ') || 'no echo'}`,
      )
    return 'tunnels'
  })
  await each(`${count} tunnels`, async (contender, into) => {
    const tunnels = new Tunnels()
    try {
      return await holdTunnels({ tunnels, count, contender, scenario, setting, into })
    } finally {
      tunnels.close()
    }
  })
}

interface Holding {
  readonly tunnels: Tunnels
  readonly count: number
  readonly contender: Contender
  readonly scenario: TunnelScenario
  readonly setting: Setting
  readonly into: Measured
}

async function holdTunnels({ tunnels, count, contender, scenario, setting, into }: Holding): Promise<string> {
  const { signal, durations } = setting
  const { subject } = contender
  const residentBefore = residentBytesOf(subject)
  const opening = await account(setting, subject, async () => {
    const startMs = performance.now()
    await tunnels.open(count, OPENED_AT_A_TIME, optionsFor(contender, scenario, setting))
    const requests = tunnels.count
    return { requests, durationS: (performance.now() - startMs) / 1000, errors: count - requests }
  })
  await sleep(SETTLE_MS, undefined, { signal })
  const idleCpuPercent = await idleCpu(subject, durations.idleS, signal)
  if (idleCpuPercent !== undefined) {
    into.more['KB per tunnel'] = (residentBytesOf(subject) - residentBefore) / 1000 / count
    into.more['CPU % while idle'] = idleCpuPercent
  }
  into.turns.push(opening)
  const echoes = await tunnels.echo()
  into.latenciesMs.push(...echoes)
  into.errors += opening.requests - echoes.length
  into.more['tunnels held'] = echoes.length
  return `${echoes.length} held${cpuOf(opening, 'tunnel')}`
}

const residentBytesOf = ({ server }: Subject) => (server === undefined ? 0 : usageOf(server.pid).residentBytes)

/** Percent of one core; undefined where there is no process to ask. */
async function idleCpu({ server }: Subject, idleS: number, signal: AbortSignal): Promise<number | undefined> {
  if (server === undefined) return undefined
  const before = usageOf(server.pid).cpuUs
  await sleep(idleS * 1000, undefined, { signal })
  return (usageOf(server.pid).cpuUs - before) / idleS / 1e4
}

function optionsFor({ subject, credentials }: Contender, { fields }: TunnelScenario, { tls, signal }: Setting) {
  const [first] = credentials
  if (first === undefined) throw new Error('a tunnel needs a user')
  return { port: subject.port, target: TUNNEL_TARGET, fields: fields(first), tls, signal }
}
