/**
 * The order of a roll-out. One instance after the other is taken out, drained, changed, tried and put back; whatever
 * goes wrong, all that were changed go back to the version before, the last one first.
 *
 *   all ready? -> prepare -> take out -> stop (drains) -> activate -> start -> ready -> smoke test -> put back -> watch
 */
import { failsUnderTraffic, isReady, notReady, notStopped, runningVersion, smokes } from './gates.ts'
import type { PlannedInstance, ReadPlan, StepName } from './plan.ts'
import type { Surroundings } from './surroundings.ts'

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

export async function rollOut(
  read: ReadPlan,
  version: string,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<RollOutReport> {
  const { instances } = read.plan
  for (const instance of instances)
    if (!(await isReady(instance, surroundings)))
      return { result: 'refused', reason: `${instance.name} is not ready now: a roll-out would leave too few` }
  const steps = new Steps(read, version, surroundings)
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
  readonly #read: ReadPlan
  readonly #version: string
  readonly #surroundings: Surroundings

  constructor(read: ReadPlan, version: string, surroundings: Surroundings) {
    this.#read = read
    this.#version = version
    this.#surroundings = surroundings
  }

  async run(name: StepName, instance: PlannedInstance): Promise<void> {
    const { plan, folder } = this.#read
    const command = plan.commands[name]
    if (command === undefined) return
    const { host = instance.name } = instance
    const values: Record<string, string> = { name: instance.name, host, version: this.#version, folder }
    const filled = command.map(word => word.replace(/\{(name|host|version|folder)\}/g, (_, key) => values[key] ?? ''))
    this.#surroundings.tell(`${instance.name}: ${name}`)
    await this.#surroundings.run(filled, plan.gates.commandSeconds * 1000)
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
    if (found !== undefined && found !== this.#version)
      throw new GateError(`${instance.name} runs ${found}, not ${this.#version}`)
  }

  #pass(problem: string | undefined): void {
    if (problem !== undefined) throw new GateError(problem)
  }
}
