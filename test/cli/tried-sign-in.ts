/** `torhaus op-check --sign-in`, and a person who does what it says. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'
import type { TokenReport } from '../../src/oidc/tried-token.ts'

const TIMEOUT_MS = 180_000

/** What they do with the link, and what they paste. */
export type Person = (url: string) => Promise<string>
/** What they do with the link and the code of a device flow. */
export type DevicePerson = (url: string, code: string) => Promise<unknown>

interface Report {
  readonly findings: readonly { readonly check: string; readonly option: string; readonly message: string }[]
  readonly skipped: readonly { readonly check: string; readonly why: string }[]
  readonly tokens: readonly TokenReport[]
}

/** Without `device` the program gets no more answers. */
export async function trySignIn(configFile: string, person: Person, device?: DevicePerson) {
  const { printed, code } = await run(configFile, ['--json'], person, device)
  const { findings, skipped, tokens }: Report = JSON.parse(printed)
  return { code, findings, skipped, tokens, options: findings.map(({ option }) => option) }
}

/** What it prints without `--json`. */
export const signInWords = async (configFile: string, person: Person, device: DevicePerson) =>
  (await run(configFile, [], person, device)).printed

async function run(configFile: string, more: readonly string[], person: Person, device: DevicePerson | undefined) {
  const args = [torhausCommand, 'op-check', '--config', configFile, '--provider', 'oidc', '--sign-in', ...more]
  const child = spawn(process.execPath, args, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
  const exit = once(child, 'exit') as Promise<[number | null]>
  const out = text(child.stdout)
  let said = ''
  for await (const chunk of child.stderr.setEncoding('utf8')) {
    said += String(chunk)
    const [, url] = /\n(http\S+)\n[\s\S]*here: $/.exec(said) ?? []
    const [, code, link] = /shows the code (\S+), [\s\S]*\n(http\S+)\n[\s\S]*done: $/.exec(said) ?? []
    if (link !== undefined && code !== undefined) {
      await device?.(link, code)
      child.stdin.end('\n')
    } else if (url !== undefined) {
      child.stdin.write(`${await person(url)}\n`)
      if (device === undefined) child.stdin.end()
    }
  }
  const printed = await out
  if (printed === '') throw new Error(said)
  return { printed, code: (await exit)[0] }
}
