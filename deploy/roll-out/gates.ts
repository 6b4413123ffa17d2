/** What must hold before the next step: each returns why it does not, or nothing. */
import type { Plan, PlannedInstance, PlannedSmokeTest } from './plan.ts'
import type { Answer, Surroundings } from './surroundings.ts'

const POLL_MS = 500

type Gates = Plan['gates']

export const isReady = async (instance: PlannedInstance, surroundings: Surroundings): Promise<boolean> =>
  (await at(instance, '/readyz', surroundings)).status === 200

const at = ({ admin }: PlannedInstance, path: string, { ask, adminFields }: Surroundings): Promise<Answer> =>
  ask({ url: admin + path, method: 'GET', fields: adminFields })

/** Ready so often in a row: a process that starts, dies and is started again is ready now and then. */
export async function notReady(
  instance: PlannedInstance,
  { readySeconds, readyChecks }: Gates,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const deadline = surroundings.nowMs() + readySeconds * 1000
  for (let inARow = 0; ; ) {
    inARow = (await isReady(instance, surroundings)) ? inARow + 1 : 0
    if (inARow >= readyChecks) return undefined
    if (surroundings.nowMs() >= deadline) return `${instance.name} is not ready within ${readySeconds} s (/readyz)`
    await surroundings.sleep(POLL_MS)
  }
}

/** A command that stops it may return early; whoever starts it then would find its ports taken. */
export async function notStopped(
  instance: PlannedInstance,
  { readySeconds }: Gates,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const deadline = surroundings.nowMs() + readySeconds * 1000
  while ((await at(instance, '/livez', surroundings)).status !== 0) {
    if (surroundings.nowMs() >= deadline) return `${instance.name} still answers ${readySeconds} s after it was stopped`
    await surroundings.sleep(POLL_MS)
  }
  return undefined
}

/** Past the balancer, which does not know it again yet. Only methods that change nothing. */
export async function smokes(
  { name, address }: PlannedInstance,
  publicUrl: string,
  tests: readonly PlannedSmokeTest[],
  { ask }: Surroundings,
): Promise<string | undefined> {
  const host = new URL(publicUrl).host
  for (const { path, method = 'GET', fields = {}, status, content } of tests) {
    const answer = await ask({ url: address + path, method, fields: { Host: host, ...fields } })
    const what = `${name}: smoke test ${method} ${path}`
    if (answer.status === 0) return `${what} got no answer: ${answer.content}`
    if (answer.status !== status) return `${what} was answered ${answer.status}, not ${status}`
    if (content !== undefined && !answer.content.includes(content))
      return `${what}: the content lacks what it must have`
  }
  return undefined
}

/** Undefined where it does not tell: it does not answer, or wants a credential. */
export async function runningVersion(
  instance: PlannedInstance,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const { content } = await at(instance, '/metrics', surroundings)
  return /^torhaus_build_info\{(?:[^}]*,)?version="([^"]+)"/m.exec(content)?.[1]
}

/** Under real traffic for a while: it stays ready, and what it fails stays within the share. */
export async function failsUnderTraffic(
  instance: PlannedInstance,
  { watchSeconds, maxFailedShare }: Gates,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const before = requestCounts((await at(instance, '/metrics', surroundings)).content)
  const deadline = surroundings.nowMs() + watchSeconds * 1000
  while (surroundings.nowMs() < deadline) {
    await surroundings.sleep(POLL_MS)
    if (!(await isReady(instance, surroundings))) return `${instance.name} is no longer ready under traffic`
    const now = requestCounts((await at(instance, '/metrics', surroundings)).content)
    const [served, failed] = [now.all - before.all, now.failed - before.failed]
    if (failed > Math.max(served, 1) * maxFailedShare)
      return `${instance.name} failed ${failed} of ${served} requests under traffic`
  }
  return undefined
}

/** From torhaus_requests_total of all workers. */
function requestCounts(metrics: string): { all: number; failed: number } {
  const counts = { all: 0, failed: 0 }
  for (const [, labels = '', value] of metrics.matchAll(/^torhaus_requests_total\{([^}]*)\} (\S+)$/gm)) {
    counts.all += Number(value)
    if (labels.includes('outcome="failed"')) counts.failed += Number(value)
  }
  return counts
}
