/** Runs a client as people have it: in a home of its own, with the credentials in its environment. */
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { type CommandResult, tryCommand } from '../realm/run-command.ts'
import { type Client, type ClientCase, shell, type Variables } from './client.ts'

const CASE_TIMEOUT_MS = 360_000
const VERSION_TIMEOUT_MS = 120_000

/** A client as it is on this machine. */
export interface Present {
  /** The first line that it says of its version. */
  readonly version: string
  /** What it is found by. */
  readonly path: string
}

/** Or why it is not there. */
export async function present({ bring, version }: Client): Promise<Present | { readonly missing: string }> {
  const brought = await bring?.()
  if (brought !== undefined && 'missing' in brought) return brought
  const path = [brought?.folder, process.env.PATH].filter(Boolean).join(delimiter)
  const options = { timeoutMs: VERSION_TIMEOUT_MS, env: { ...process.env, PATH: path } }
  const said = await tryCommand(version.file, version.args, options).catch(() => undefined)
  if (said?.code !== 0) return { missing: `${version.file} is not on this machine` }
  return { version: `${said.stdout}${said.stderr}`.trim().split('\n')[0] ?? '', path }
}

export interface Surroundings {
  readonly variables: Variables
  /** What clients need beside the variables to find their way in a lab. */
  readonly environment?: NodeJS.ProcessEnv
  readonly files?: Readonly<Record<string, string>>
}

/** The compilers of rustup are found below the home of who runs it. */
const kept = (home: string) => ({ GOCACHE: join(home, '.cache/go-build'), RUSTUP_HOME: join(home, '.rustup') })

/** Tries one case in a new folder. */
export async function runCase(
  { command = shell, files = {} }: Client,
  { how }: ClientCase,
  { path }: Pick<Present, 'path'>,
  { variables, environment = {}, files: given = {} }: Surroundings,
  folder: string,
): Promise<CommandResult & { readonly printed: string }> {
  await mkdir(folder, { recursive: true })
  for (const [name, text] of Object.entries({ ...given, ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const { file, args } = command(how)
  const result = await tryCommand(file, args, {
    cwd: folder,
    timeoutMs: CASE_TIMEOUT_MS,
    env: {
      ...variables,
      ...environment,
      ...{ PATH: path, HOME: folder, LC_ALL: 'C.UTF-8', NO_COLOR: '1' },
      ...{ GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
      // Go: what was compiled of the standard library serves the next one; no C compiler is needed.
      CGO_ENABLED: '0',
      ...(process.env.HOME === undefined ? {} : kept(process.env.HOME)),
    },
  })
  return { ...result, printed: result.stdout + result.stderr }
}
