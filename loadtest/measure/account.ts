/** Runs a load and counts what the proxy used for it, and which answers did not come from the origin server. */
import type { Origin } from '../lab/origin.ts'
import { usageOf } from '../lab/process-usage.ts'
import type { Subject } from '../subject.ts'
import type { Turn } from './figures.ts'

interface Load {
  readonly requests: number
  readonly durationS: number
  readonly errors: number
  readonly bytes?: number
  readonly generatorCpuUs?: number
}

export async function account<L extends Load>(
  { origin }: { readonly origin: Origin },
  { server }: Pick<Subject, 'server'>,
  run: () => Promise<L>,
): Promise<Turn> {
  const countsBefore = await origin.counts()
  const before = server && usageOf(server.pid)
  const load = await run()
  const after = server && usageOf(server.pid)
  const counts = await origin.counts()
  return {
    requests: load.requests,
    durationS: load.durationS,
    bytes: load.bytes ?? 0,
    cpuUs: before && after && after.cpuUs - before.cpuUs,
    // More answers than arrivals: the proxy answered by itself, with a redirect or a refusal.
    errors: load.errors + Math.max(0, load.requests - (counts.requests - countsBefore.requests)),
    residentBytes: after?.residentBytes ?? 0,
    upstreamSockets: counts.connections - countsBefore.connections,
    generatorCpuUs: load.generatorCpuUs,
  }
}

export const cpuOf = ({ cpuUs, requests }: Turn, what = 'request') =>
  cpuUs === undefined ? '' : `, ${(cpuUs / requests).toFixed(1)} us CPU per ${what}`
