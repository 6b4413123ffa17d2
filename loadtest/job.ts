/** What one command line asks to be measured. */
import { runContents } from './contents/run-contents.ts'
import { curvesFailures, runCurves } from './curves/run-curves.ts'
import type { Result } from './results/kept-result.ts'
import type { Run } from './run-context.ts'
import { runScenario, type ScenarioWish, scenarioFailures } from './run-scenario.ts'
import { runSoak, soakFailures } from './soak/run-soak.ts'
import { runWorkers, workersFailures } from './workers/run-workers.ts'

export interface Job {
  readonly title: string
  run(run: Run): Promise<Outcome>
}

interface Outcome {
  readonly result: Result
  /** What was counted and must not be. Never because of a clock. */
  readonly failures: readonly string[]
}

export const scenarioJob = (wish: ScenarioWish): Job => ({
  title: `${wish.scenario.name}, --tls ${wish.tls} --store ${wish.store}: ${wish.scenario.description}`,
  async run(run) {
    const result = await runScenario(wish, run)
    return { result, failures: scenarioFailures(result, wish.scenario) }
  },
})

export const curvesJob: Job = {
  title: 'curves: the cost of a request against sessions, principals, connections and size',
  async run(run) {
    const result = await runCurves(run)
    return { result, failures: curvesFailures(result) }
  },
}

export const workersJob: Job = {
  title: 'workers: one on one core beside two on two',
  async run(run) {
    const result = await runWorkers(run)
    return { result, failures: workersFailures(result) }
  },
}

export const soakJob = (minutes: number): Job => ({
  title: `soak: the mission mix for ${minutes} minutes`,
  async run(run) {
    const result = await runSoak(minutes, run)
    return { result, failures: soakFailures(result) }
  },
})

export const contentsJob: Job = {
  title: 'contents: 1 GB up and down with TLS on both sides, every octet compared',
  async run(run) {
    const result = await runContents(run)
    return { result, failures: result.mistakes }
  },
}
