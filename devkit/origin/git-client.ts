import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

export type GitRun = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

const timeoutMs = 120_000

/** Runs the real git client, without this machine's configuration, credential helpers or prompts. */
export async function runGit(
  args: readonly string[],
  options: { readonly directory: string; readonly environment?: Readonly<Record<string, string>> },
): Promise<GitRun> {
  const child = spawn('git', ['-C', options.directory, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    env: {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      HOME: options.directory,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.test',
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.test',
      ...options.environment,
    },
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { status, stdout, stderr }
}

/**
 * The environment for a git that presents a token at once, as build agents do. Left to choose by itself, git takes the
 * Negotiate an on-prem server offers and never sends a token typed as password.
 */
export function presentingToken(token: string): Readonly<Record<string, string>> {
  const credentials = Buffer.from(`:${token}`).toString('base64')
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${credentials}`,
  }
}

/** The address with a user name and password in it, as one pastes it to clone with a token. */
export function withCredentials(url: string, userName: string, password: string): string {
  const address = new URL(url)
  address.username = userName
  address.password = password
  return address.href
}
