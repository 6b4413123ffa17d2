/** Real Kerberos clients of the lab: kinit, curl, git. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type CommandResult, runCommand, tryCommand } from './run-command.ts'
import type { SambaKdc } from './samba-kdc.ts'

type Kdc = Pick<SambaKdc, 'directory' | 'krb5Config' | 'passwordOf'>

export type KerberosClient = {
  readonly account: string
  /** KRB5CCNAME: a FILE cache of this account alone. */
  readonly ccache: string
  /** For any program that is to act as this account; holds no variable of the caller's but PATH. */
  readonly env: NodeJS.ProcessEnv
}

/** Signs an account in with its password; its tickets go to a cache of its own in the lab's folder. */
export async function kinit(kdc: Kdc, account: string, options: { krb5Config?: string } = {}): Promise<KerberosClient> {
  const home = join(kdc.directory, 'clients', account)
  await mkdir(home, { recursive: true })
  const ccache = `FILE:${join(home, 'ccache')}`
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    LC_ALL: 'C.UTF-8',
    KRB5_CONFIG: options.krb5Config ?? kdc.krb5Config,
    KRB5CCNAME: ccache,
    KRB5_CLIENT_KTNAME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
  }
  await runCommand('kinit', [account], { env, input: `${kdc.passwordOf(account)}\n` })
  return { account, ccache, env }
}

export type CurlAnswer = CommandResult & { readonly status: number; readonly body: string }

/**
 * curl --negotiate: pre-emptive, one token for each request. Never follows a redirection.
 * @param resolve `host:port:address` entries.
 * @param args further arguments of curl; the answer's status and content come back apart.
 */
export async function curlNegotiate(
  client: KerberosClient,
  url: string,
  options: { readonly resolve: readonly string[]; readonly args?: readonly string[] },
): Promise<CurlAnswer> {
  const args = ['--silent', '--show-error', '--negotiate', '--user', ':', '--max-time', '60']
  for (const entry of options.resolve) args.push('--resolve', entry)
  args.push('--write-out', '\n%{http_code}', ...(options.args ?? []), url)
  const result = await tryCommand('curl', args, { env: client.env, timeoutMs: 180_000 })
  const end = result.stdout.lastIndexOf('\n')
  return { ...result, status: Number(result.stdout.slice(end + 1)), body: result.stdout.slice(0, end) }
}

/**
 * git with Kerberos. `http.emptyAuth=true` makes it offer Negotiate with no user name (git-config(1)).
 * @param args e.g. ['clone', url, folder]
 */
export function gitNegotiate(
  client: KerberosClient,
  args: readonly string[],
  options: { readonly resolve: readonly string[]; readonly cwd?: string; readonly timeoutMs?: number },
): Promise<CommandResult> {
  const settings = ['http.emptyAuth=true', 'credential.helper=', 'user.name=Lab', 'user.email=lab@corp.test']
  for (const entry of options.resolve) settings.push(`http.curloptResolve=${entry}`)
  const { cwd, timeoutMs = 180_000 } = options
  return tryCommand('git', [...settings.flatMap(setting => ['-c', setting]), ...args], {
    env: client.env,
    timeoutMs,
    ...(cwd === undefined ? {} : { cwd }),
  })
}
