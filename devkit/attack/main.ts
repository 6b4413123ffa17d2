/**
 * `npm run attack`: tries, one after the other, to reach the origin server past Torhaus. What arrives there and may not
 * is listed; the exit code is then 1. `--json` prints one line: `{"tried","reached":[],"slowest":{"name","ms"}}`.
 * `--tree TREE` attacks the Torhaus of another working tree.
 */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { hasChromium } from '../clients/chromium.ts'
import { optionValues } from '../demo/option-values.ts'
import { endWith, exitOnSignals } from '../demo/program.ts'
import type { Attack, Target } from './attack.ts'
import { attacks } from './attacks.ts'
import { hasLab } from './directory.ts'
import { startLabTarget } from './lab-target.ts'
import { SETTINGS, type Setting, type SettingName } from './settings.ts'
import { startTarget } from './target.ts'

interface Outcome {
  readonly name: string
  readonly reached: boolean
  readonly ms: number
}

/** What was let through may still be on its way to the origin server. */
const SETTLE_MS = 15

async function attempt(attack: Attack, target: Target): Promise<Outcome> {
  const seen = target.origin.requests.length
  const startedAtMs = performance.now()
  await attack.run(target)
  const ms = performance.now() - startedAtMs
  await sleep(SETTLE_MS)
  const arrived = target.origin.requests.slice(seen)
  return { name: `${attack.name} (${attack.setting})`, reached: arrived.some(attack.isWanted ?? (() => true)), ms }
}

const hasRedis = () =>
  promisify(execFile)('redis-server', ['--version']).then(
    () => true,
    () => false,
  )

async function attackAll(tree: string, tell: (line: string) => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const [name, setting] of Object.entries<Setting>(SETTINGS)) {
    const group = attacks.filter(attack => attack.setting === (name as SettingName))
    if (group.length === 0) continue
    if (setting.redis && !(await hasRedis())) {
      tell(`left out, for want of redis-server (Debian package of that name): ${group.length} attacks, ${name}`)
      continue
    }
    if (setting.browser && !(await hasChromium())) {
      tell(`left out, for want of Chromium (Debian package chromium): ${group.length} attacks, ${name}`)
      continue
    }
    if (setting.lab !== undefined && !(await hasLab())) {
      tell(`left out, for want of root or Samba (npm run lab installs it): ${group.length} attacks, ${name}`)
      continue
    }
    const target = await (setting.lab === undefined ? startTarget(tree, setting) : startLabTarget(tree, setting))
    try {
      for (const attack of group) {
        const outcome = await attempt(attack, target)
        outcomes.push(outcome)
        if (outcome.reached) tell(`reached: ${outcome.name}`)
      }
    } finally {
      await target.close()
    }
  }
  return outcomes
}

async function run(): Promise<ExitCode> {
  const values = optionValues(process.argv.slice(2), { json: { type: 'boolean' }, tree: { type: 'string' } })
  exitOnSignals('attack')
  const tell = (line: string) => void process.stderr.write(`${line}\n`)
  const outcomes = await attackAll(resolve(values.tree ?? resolve(import.meta.dirname, '../..')), tell)
  const reached = outcomes.filter(outcome => outcome.reached).map(({ name }) => name)
  const slowest = outcomes.reduce((one, other) => (other.ms > one.ms ? other : one))
  const summary = {
    tried: outcomes.length,
    reached,
    slowest: { name: slowest.name, ms: Math.round(slowest.ms) },
  }
  process.stdout.write(
    values.json
      ? `${JSON.stringify(summary)}\n`
      : `${summary.tried} attacks tried, ${reached.length} reached the origin server\n`,
  )
  return reached.length === 0 ? exitCode.done : exitCode.failed
}

endWith('attack', run)
