/**
 * The order of a roll-out. One instance after the other is taken out, drained, changed, tried and put back; whatever
 * goes wrong, all that were changed go back to the version before, the last one first.
 *
 *   all ready, none newer? -> prepare -> take out -> stop (drains) -> activate -> start -> ready -> smoke test -> put back -> watch
 */
import { compareVersions } from './compare-versions.ts'
import { failsUnderTraffic, isReady, notReady, notStopped, runningVersion, smokes } from './gates.ts'
import type { PlannedInstance, ReadPlan, StepName } from './plan.ts'
import type { Surroundings } from './surroundings.ts'
import type { VerifiedRelease } from './verify-release.ts'

/**
 * - `rolled-out`: every instance runs the new version
 * - `refused`: nothing was changed
 * - `rolled-back`: every instance runs the version before
 * - `stuck`: going back failed, too; somebody has to look
 */
export type Result = 'rolled-out' | 'refused' | 'rolled-back' | 'stuck'

export interface RollOutReport {
  readonly result: Result
  /** Undefined where all is well. */
  readonly reason: string | undefined
}

/** What a step throws: the sentence for the operator. */
class GateError extends Error {}

/** What is to run everywhere. Only a release whose signature was verified can be. */
export interface Wanted {
  readonly release: VerifiedRelease
  /** Than what runs: it may lack what an update has mended. */
  readonly mayBeOlder: boolean
}

export async function rollOut(
  read: Pick<ReadPlan, 'plan' | 'folder'>,
  wanted: Wanted,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<RollOutReport> {
  const { instances } = read.plan
  for (const instance of instances) {
    const reason = await mayNotBegin(instance, wanted, surroundings)
    if (reason !== undefined) return { result: 'refused', reason }
  }
  const steps = new Steps(read, wanted.release, surroundings)
  const changed: PlannedInstance[] = []
  try {
    // For all before anything is drained: a package that does not arrive anywhere costs nobody anything.
    for (const instance of instances) await steps.run('prepare', instance)
    for (const instance of instances) {
      signal.throwIfAborted()
      changed.push(instance)
      await steps.change(instance, 'activate')
      await steps.watch(instance)
    }
    signal.throwIfAborted()
    return { result: 'rolled-out', reason: undefined }
  } catch (error) {
    const reason = signal.aborted ? 'interrupted' : messageOf(error)
    surroundings.tell(`failed: ${reason}`)
    if (changed.length === 0) return { result: 'refused', reason }
    return goBack(changed, steps, reason, surroundings)
  }
}

async function mayNotBegin(
  instance: PlannedInstance,
  { release: { version }, mayBeOlder }: Wanted,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const { name } = instance
  if (!(await isReady(instance, surroundings))) return `${name} is not ready now: a roll-out would leave too few`
  const runs = await runningVersion(instance, surroundings)
  // Without, it could not be watched under traffic either.
  if (runs === undefined) return `${name} does not tell what it runs (/metrics): is adminCredentialFile right?`
  if (mayBeOlder || compareVersions(version, runs) >= 0) return undefined
  return `${name} runs ${runs}, and ${version} is older: --allow-older, if that is meant`
}

/** Stops at the first that cannot: the others still serve. */
async function goBack(
  changed: readonly PlannedInstance[],
  steps: Steps,
  reason: string,
  { tell }: Surroundings,
): Promise<RollOutReport> {
  for (const instance of changed.toReversed()) {
    tell(`${instance.name}: back to the version before`)
    try {
      await steps.change(instance, 'restore')
    } catch (error) {
      const stuck = `${reason}; and ${instance.name} could not be brought back: ${messageOf(error)}`
      tell(`failed: ${stuck}`)
      return { result: 'stuck', reason: stuck }
    }
  }
  return { result: 'rolled-back', reason }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

class Steps {
  readonly #read: Pick<ReadPlan, 'plan' | 'folder'>
  readonly #release: VerifiedRelease
  readonly #surroundings: Surroundings

  constructor(read: Pick<ReadPlan, 'plan' | 'folder'>, release: VerifiedRelease, surroundings: Surroundings) {
    this.#read = read
    this.#release = release
    this.#surroundings = surroundings
  }

  async run(name: StepName, instance: PlannedInstance): Promise<void> {
    const { plan, folder } = this.#read
    const command = plan.commands[name]
    if (command === undefined) return
    const { host = instance.name } = instance
    const { version, sha256 } = this.#release
    const values: Record<string, string> = { name: instance.name, host, version, sha256, folder }
    const fill = (word: string) => word.replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all)
    this.#surroundings.tell(`${instance.name}: ${name}`)
    await this.#surroundings.run(command.map(fill), plan.gates.commandSeconds * 1000)
  }

  /** Out, to another version, and in again; back in only if it is ready and passes the smoke test. */
  async change(instance: PlannedInstance, how: 'activate' | 'restore'): Promise<void> {
    const { plan } = this.#read
    await this.run('takeOut', instance)
    await this.run('stop', instance)
    this.#pass(await notStopped(instance, plan.gates, this.#surroundings))
    await this.run(how, instance)
    await this.run('start', instance)
    this.#surroundings.tell(`${instance.name}: is it ready?`)
    this.#pass(await notReady(instance, plan.gates, this.#surroundings))
    if (how === 'activate') await this.#expectVersion(instance)
    this.#surroundings.tell(`${instance.name}: smoke test`)
    this.#pass(await smokes(instance, plan.publicUrl, plan.smokeTests, this.#surroundings))
    await this.run('putBack', instance)
  }

  async watch(instance: PlannedInstance): Promise<void> {
    this.#surroundings.tell(`${instance.name}: watched for ${this.#read.plan.gates.watchSeconds} s`)
    this.#pass(await failsUnderTraffic(instance, this.#read.plan.gates, this.#surroundings))
  }

  /** A service manager that still starts the old folder would pass every other gate. */
  async #expectVersion(instance: PlannedInstance): Promise<void> {
    const found = await runningVersion(instance, this.#surroundings)
    const { version } = this.#release
    if (found !== version)
      throw new GateError(`${instance.name} runs ${found ?? 'what it does not tell'}, not ${version}`)
  }

  #pass(problem: string | undefined): void {
    if (problem !== undefined) throw new GateError(problem)
  }
}
