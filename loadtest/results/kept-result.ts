/** Results as they are kept: one JSON file each, small enough for the repository. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../src/io/make-folder.ts'
import type { ContentsResult } from '../contents/contents-result.ts'
import type { CurvesResult } from '../curves/curves-result.ts'
import type { Machine } from '../lab/machine.ts'
import type { MissionResult } from '../mission/mission-result.ts'
import type { SoakResult } from '../soak/soak-result.ts'
import type { WorkersResult } from '../workers/workers-result.ts'
import { type ScenarioResult, scenarioResultName } from './scenario-result.ts'

export type Result = ScenarioResult | CurvesResult | WorkersResult | SoakResult | MissionResult | ContentsResult

export interface KeptResult {
  /** ISO 8601, UTC. */
  readonly date: string
  readonly commit: string | undefined
  readonly durationS: number
  /** A quick run, whose figures say little. */
  readonly short: boolean
  readonly machine: Machine
  readonly result: Result
}

export type KeptResults = ReadonlyMap<string, KeptResult>

const SUFFIX = '.json'

/** Scenarios by their name and their TLS, the others by their kind. */
export const resultName = (result: Result) => (result.kind === 'scenario' ? scenarioResultName(result) : result.kind)

export function keepResult(folder: string, kept: KeptResult): void {
  makeFolder(folder)
  writeFileSync(join(folder, `${resultName(kept.result)}${SUFFIX}`), `${JSON.stringify(kept, undefined, 1)}\n`)
}

export function readResults(folder: string): KeptResults {
  const files = existsSync(folder) ? readdirSync(folder).filter(file => file.endsWith(SUFFIX)) : []
  return new Map(
    files.sort().map(file => {
      // Written by keepResult.
      const kept = JSON.parse(readFileSync(join(folder, file), 'utf8')) as KeptResult
      return [file.slice(0, -SUFFIX.length), kept]
    }),
  )
}

/** The scenario of that result name, where it was kept. */
export function scenarioIn(results: KeptResults, name: string): ScenarioResult | undefined {
  const result = results.get(name)?.result
  return result?.kind === 'scenario' ? result : undefined
}

/** What is kept under the name of its kind. */
export function resultIn<Kind extends 'curves' | 'workers' | 'soak' | 'mission'>(
  results: KeptResults,
  kind: Kind,
): Extract<Result, { kind: Kind }> | undefined {
  const result = results.get(kind)?.result
  return result?.kind === kind ? (result as Extract<Result, { kind: Kind }>) : undefined
}
