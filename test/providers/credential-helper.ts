/** The credential helper that Torhaus hands out, as git calls it: it waits for a person with a browser. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const HELPER = join(import.meta.dirname, '../../src/routes/torhaus-credential.mjs')
const TIMEOUT_MS = 270_000

export interface WaitingHelper {
  /** What the person is to open. */
  readonly link: string
  /** What git will get, once they have signed in. */
  readonly output: Promise<string>
}

export async function startHelper(options: readonly string[]): Promise<WaitingHelper> {
  const child = spawn(process.execPath, [HELPER, ...options, 'get'], { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
  child.stdin.end('protocol=https\nhost=devops.example.com\n\n')
  const output = text(child.stdout)
  let said = ''
  for await (const chunk of child.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += String(chunk)
    const [, link] = /open (\S+)\n/.exec(said) ?? []
    if (link !== undefined) {
      child.stderr.resume()
      return { link, output }
    }
  }
  throw new Error(`the credential helper shows no link: ${said}`)
}
