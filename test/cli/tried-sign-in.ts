/** `torhaus op-check --sign-in`, and a person who does what it says. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'

const TIMEOUT_MS = 60_000

/** What they do with the link, and what they paste. */
export type Person = (url: string) => Promise<string>

interface Report {
  readonly findings: readonly { readonly check: string; readonly option: string; readonly message: string }[]
}

export async function trySignIn(configFile: string, person: Person) {
  const args = [torhausCommand, 'op-check', '--config', configFile, '--provider', 'oidc', '--sign-in', '--json']
  const child = spawn(process.execPath, args, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
  const exit = once(child, 'exit') as Promise<[number | null]>
  const out = text(child.stdout)
  let said = ''
  for await (const chunk of child.stderr.setEncoding('utf8')) {
    said += String(chunk)
    const [, url] = /\n(http\S+)\n[\s\S]*here: $/.exec(said) ?? []
    if (url !== undefined) child.stdin.end(`${await person(url)}\n`)
  }
  const printed = await out
  if (printed === '') throw new Error(said)
  const { findings }: Report = JSON.parse(printed)
  return { code: (await exit)[0], findings, options: findings.map(({ option }) => option) }
}
