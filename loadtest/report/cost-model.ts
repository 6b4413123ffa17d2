/** From measured figures to what a machine must have. */
import { type CurvesResult, curveOf, type MemoryFigures } from '../curves/curves-result.ts'
import type { MissionResult } from '../mission/mission-result.ts'
import { type KeptResults, resultIn, scenarioIn } from '../results/kept-result.ts'
import type { ScenarioResult } from '../results/scenario-result.ts'

export interface CostModel {
  /** Processor time of a request without content, and of each KB of response. */
  readonly usPerRequest: number
  readonly usPerKb: number
  /** Of the mission mix: 100 KB on average. */
  readonly usPerMissionRequest: number
  readonly memory: MemoryFigures
  /** What the mission mix was measured as, and who sent what the curve of sizes stands on. */
  readonly mission: ScenarioResult
  readonly population: CurvesResult['population']
}

export interface Capacity {
  readonly users: number
  readonly requestsPerSecond: number
  /** As the mission mix has it, 100 KB per request. */
  readonly mbPerSecond: number
  readonly busyCores: number
  /** What to install: one worker each, busy for `MAX_BUSY` of the time at most. */
  readonly cores: number
  readonly memoryMb: number
}

/** 3,000 requests per second at the peak of the day for 10,000 people who work. */
export const PEAK_REQUESTS_PER_USER = 0.3
export const MAX_BUSY = 0.6
/** Browsers keep several, git one at a time. */
export const CONNECTIONS_PER_USER = 2
const MISSION_KB = 100

/** Undefined where what it stands on was not measured. */
export function costModel(results: KeptResults): CostModel | undefined {
  const curves = resultIn(results, 'curves')
  // As companies run it, where that was measured.
  const mission = scenarioIn(results, 'mission-day-tls-both') ?? scenarioIn(results, 'mission-day')
  const usPerMissionRequest = mission?.rows[0]?.cpuUsPerRequest
  if (curves === undefined || mission === undefined || usPerMissionRequest === undefined) return undefined
  const sizes = sizeCost(curves)
  const { memory, population } = curves
  return sizes && { ...sizes, usPerMissionRequest, memory, mission, population }
}

/** A straight line through the smallest and the largest response. */
function sizeCost(curves: CurvesResult) {
  const points = curveOf(curves, 'response-bytes')?.lines.torhaus ?? []
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || last.x <= first.x) return undefined
  const usPerKb = ((last.cpuUsPerRequest.median - first.cpuUsPerRequest.median) / (last.x - first.x)) * 1024
  return { usPerRequest: first.cpuUsPerRequest.median - (usPerKb * first.x) / 1024, usPerKb }
}

/** For so many people at work, by what a request of the whole mission took: TLS, Kerberos, Redis and all. */
export function missionCapacityFor(users: number, { figures }: MissionResult): Omit<Capacity, 'memoryMb'> {
  const requestsPerSecond = users * PEAK_REQUESTS_PER_USER
  const busyCores = (requestsPerSecond * figures.cpuUsPerRequest) / 1e6
  const mbPerSecond = (requestsPerSecond * figures.bytes) / figures.requests / 1e6
  return { users, requestsPerSecond, mbPerSecond, busyCores, cores: Math.max(1, Math.ceil(busyCores / MAX_BUSY)) }
}

/** For so many people at work, everybody signed in. Each worker keeps sessions and principals of its own. */
export function capacityFor(users: number, { usPerMissionRequest, memory }: CostModel): Capacity {
  const requestsPerSecond = users * PEAK_REQUESTS_PER_USER
  const busyCores = (requestsPerSecond * usPerMissionRequest) / 1e6
  const cores = Math.max(1, Math.ceil(busyCores / MAX_BUSY))
  const cachedMb = (users * (memory.bytesPerSession + memory.bytesPerPrincipal)) / 1e6
  const connectionsMb = (users * CONNECTIONS_PER_USER * memory.bytesPerConnection) / 1e6
  const memoryMb = cores * (memory.baseMb + cachedMb) + connectionsMb
  return { users, requestsPerSecond, mbPerSecond: (requestsPerSecond * MISSION_KB) / 1024, busyCores, cores, memoryMb }
}
