/** Torhaus as it ships: its own process from a written configuration, logging and metrics on, its log in a file. */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { freePort } from '../../test/support/free-port.ts'
import { torhausAddresses, writeTorhausConfig } from '../../test/support/torhaus-config.ts'
import type { SubjectStarter } from '../subject.ts'
import { startServer } from './server.ts'

const ENTRY_POINT = 'src/main.ts'
const THIS_TREE = resolve(import.meta.dirname, '../..')
const FOLDER = 'torhaus'

/** `nodeOptions`: for a profile, e.g. `--cpu-prof`. */
export function torhaus(nodeOptions: readonly string[] = []): SubjectStarter {
  return async ({ directory: parent, origin, identityProvider }) => {
    const directory = join(parent, FOLDER)
    await mkdir(directory)
    const { port, secret } = identityProvider.torhaus
    const configFile = await writeTorhausConfig({
      port,
      adminPort: await freePort(),
      upstreamUrl: `http://127.0.0.1:${origin.port}`,
      issuer: identityProvider.issuer,
      clientSecret: secret,
      directory,
    })
    const server = await startServer(commandOf(THIS_TREE, configFile, nodeOptions), {
      place: 'proxy',
      port,
      outputFile: join(directory, 'torhaus.log'),
      env: environment(),
    })
    const { publicUrl } = torhausAddresses(port)
    const start = `${publicUrl}/.torhaus/sign-in?return_to=/1k`
    return { name: 'torhaus', port, server, signIn: () => identityProvider.signIn(start, `${publicUrl}/1k`) }
  }
}

/**
 * Torhaus of another working tree, an earlier commit say, beside that of this one: from the same configuration on ports
 * of its own, and with the same store, so that both know the same sessions. Started after the other.
 */
export function torhausOf(tree: string): SubjectStarter {
  return async ({ directory: parent }) => {
    const directory = join(parent, FOLDER)
    const port = await freePort()
    const server = await startServer(commandOf(resolve(tree), join(directory, 'torhaus.yaml'), []), {
      place: 'proxy',
      port,
      outputFile: join(directory, 'baseline.log'),
      env: { ...environment(), PORT: String(port), ADMIN_PORT: String(await freePort()) },
    })
    return { name: 'baseline', port, server, signIn: undefined }
  }
}

const commandOf = (tree: string, configFile: string, nodeOptions: readonly string[]) => [
  ...[process.execPath, ...nodeOptions, join(tree, ENTRY_POINT)],
  ...['--config', configFile],
]

/** Ports come from the configuration. */
function environment(): NodeJS.ProcessEnv {
  const { PORT: _, ADMIN_PORT: __, HTTP_PLATFORM_PORT: ___, ...rest } = process.env
  return rest
}
