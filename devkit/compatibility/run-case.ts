/** Runs a client as people have it: in a home of its own, with the credentials in its environment. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type CommandResult, tryCommand } from '../realm/run-command.ts'
import { type Client, type ClientCase, shell, type Variables } from './client.ts'

const CASE_TIMEOUT_MS = 120_000
const VERSION_TIMEOUT_MS = 30_000

/** The first line that the client says of its version; undefined: it is not on this machine. */
export async function versionOf({ version }: Client): Promise<string | undefined> {
  const said = await tryCommand(version.file, version.args, { timeoutMs: VERSION_TIMEOUT_MS }).catch(() => undefined)
  return said?.code === 0 ? `${said.stdout}${said.stderr}`.trim().split('\n')[0] : undefined
}

export interface Surroundings {
  readonly variables: Variables
  /** What clients need beside the variables to find their way in a lab. */
  readonly environment?: NodeJS.ProcessEnv
  readonly files?: Readonly<Record<string, string>>
}

/** Tries one case in a new folder. */
export async function runCase(
  { command = shell, files = {} }: Client,
  { how }: ClientCase,
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
      ...{ PATH: process.env.PATH, HOME: folder, LC_ALL: 'C.UTF-8', NO_COLOR: '1' },
      ...{ GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
      // Go: what was compiled of the standard library serves the next one; no C compiler is needed.
      CGO_ENABLED: '0',
      ...(process.env.HOME === undefined ? {} : { GOCACHE: join(process.env.HOME, '.cache/go-build') }),
    },
  })
  return { ...result, printed: result.stdout + result.stderr }
}
