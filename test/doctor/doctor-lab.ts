/** What doctor finds, asked in the process of the test. */
import assert from 'node:assert/strict'
import { loadConfig } from '../../config/load.ts'
import type { Config, ProviderSettings } from '../../config/schema.ts'
import type { DoctorContext } from '../../src/doctor/examination.ts'
import { examine, type Subject } from '../../src/doctor/examine.ts'
import { system } from '../../src/system.ts'

/** The OP of a configuration that has one, as the section `oidc`. */
export function onlyOf({ oidc }: Config): ProviderSettings {
  assert.ok(oidc)
  return oidc
}

export function configIn(configFile: string): Config {
  const loaded = loadConfig(configFile, {})
  assert.ok(loaded.ok, JSON.stringify(loaded))
  return loaded.config
}

/** `severity (option) what` of each finding, or `skipped: why`. */
export async function found(subject: Subject, config: Config, more: Partial<DoctorContext> = {}): Promise<string[]> {
  const examined = await examineOne(subject, config, more)
  if (examined.skipped !== undefined) return [`skipped: ${examined.skipped}`]
  for (const { why, remedy } of examined.findings) assert.ok(why.length > 5 && remedy.length > 5)
  return examined.findings.map(({ severity, option = '', what }) => `${severity} (${option}) ${what}`)
}

/** `why: remedy` of each finding. */
export const advice = async (subject: Subject, config: Config): Promise<string[]> =>
  (await examineOne(subject, config)).findings.map(({ why, remedy }) => `${why}: ${remedy}`)

async function examineOne(subject: Subject, config: Config, more: Partial<DoctorContext> = {}) {
  const context = {
    ...system,
    config,
    environment: {},
    account: undefined,
    slowSeconds: undefined,
    userId: 1000,
    ...more,
  }
  const [examined] = await examine(context, [subject])
  return examined ?? assert.fail('nothing was examined')
}

/** One finding, and it begins so. */
export async function assertFound(answer: Promise<string[]>, pattern: RegExp): Promise<void> {
  const findings = await answer
  assert.equal(findings.length, 1, findings.join('\n'))
  assert.match(findings[0] ?? '', pattern)
}
