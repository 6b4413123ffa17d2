/** Torhaus as it ships: its own process from a written configuration, logging and metrics on, its log in a file. */
import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { stringify } from 'yaml'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { inOptionsOf } from '../../devkit/torhaus/options-of-tree.ts'
import { torhausAddresses, torhausConfig, writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { mainProgram } from '../../devkit/torhaus/torhaus-program.ts'
import type { SubjectStarter, Surroundings } from '../subject.ts'
import type { Place } from './cores.ts'
import { originUrl, TICKET_FOLDER } from './origin.ts'
import { type Server, startServer } from './server.ts'
import { schemeOf } from './tls.ts'
import { configurationOf, type TorhausKind } from './torhaus-kind.ts'

const FOLDER = 'torhaus'

/** `nodeOptions`: for a profile, e.g. `--cpu-prof`. */
export function torhaus(kind: TorhausKind, nodeOptions: readonly string[] = []): SubjectStarter {
  return async surroundings => {
    const { identityProvider, tls } = surroundings
    const { port } = identityProvider.torhaus
    await mkdir(folderOf(surroundings))
    const setting = await settingOf(surroundings)
    const configFile = await writeTorhausConfig(setting, usual => configurationOf(kind, usual, surroundings))
    const server = await start('torhaus', surroundings, {
      port,
      command: commandOf(mainProgram(), configFile, nodeOptions),
    })
    const { publicUrl } = torhausAddresses(port, false, schemeOf(tls))
    const signInPages = { start: `${publicUrl}/.torhaus/sign-in?return_to=/1k`, page: `${publicUrl}/1k` }
    const { redis } = surroundings
    const sessionsMade = redis === undefined ? () => sessionsIn(sessionFiles(surroundings).storeFile) : undefined
    return {
      name: 'torhaus',
      port,
      adminPort: setting.adminPort,
      server,
      signInPages,
      ...(sessionsMade !== undefined && { sessionsMade }),
      ...trafficOf(kind),
    }
  }
}

/** Of the Torhaus that was started first, as devkit/torhaus/torhaus-config.ts names them. */
export const sessionFiles = (surroundings: Surroundings) => ({
  storeFile: join(folderOf(surroundings), 'sessions.sqlite'),
  keyFile: join(folderOf(surroundings), 'session-key'),
})

function sessionsIn(file: string): number {
  using database = new DatabaseSync(file, { readOnly: true })
  return Number(database.prepare('SELECT count(*) AS count FROM person_session').get()?.count)
}

/** Another kind beside the first, started after it and with the same store, so that both know the same sessions. */
export function torhausBeside(name: string, kind: TorhausKind, place: Place = 'proxy'): SubjectStarter {
  return async surroundings => {
    const port = await freePort()
    const usual = torhausConfig(await settingOf(surroundings))
    const configFile = join(folderOf(surroundings), `${name}.yaml`)
    const ownPort = { ...usual, listener: { ...usual.listener, port } }
    writeFileSync(configFile, stringify(configurationOf(kind, ownPort, surroundings)))
    const server = await start(name, surroundings, { port, place, command: commandOf(mainProgram(), configFile, []) })
    return { name, port, server, ...trafficOf(kind) }
  }
}

/**
 * Torhaus of another working tree, an earlier commit say, beside that of this one: from the same configuration on ports
 * of its own, and with the same store, so that both know the same sessions. Started after the other.
 */
export function torhausOf(tree: string, kind: TorhausKind): SubjectStarter {
  return async surroundings => {
    const port = await freePort()
    const configFile = join(folderOf(surroundings), 'baseline.yaml')
    const usual = configurationOf(kind, torhausConfig(await settingOf(surroundings)), surroundings)
    writeFileSync(configFile, stringify(inOptionsOf(resolve(tree), usual)))
    const command = commandOf(mainProgram(resolve(tree)), configFile, [])
    const ports = { PORT: String(port), ADMIN_PORT: String(await freePort()) }
    const server = await start('baseline', surroundings, { port, command, environment: ports })
    return { name: 'baseline', port, server, ...trafficOf(kind) }
  }
}

interface Launch {
  readonly port: number
  readonly command: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
  /** Default: the core of the proxy. */
  readonly place?: Place
}

/** Each process has a replay cache of its own: what one has accepted is no replay at the other. */
async function start(name: string, surroundings: Surroundings, launch: Launch): Promise<Server> {
  const directory = folderOf(surroundings)
  const replayCaches = join(directory, `${name}-rcache`)
  await mkdir(replayCaches)
  // Ports come from the configuration.
  const { PORT: _, ADMIN_PORT: __, HTTP_PLATFORM_PORT: ___, ...inherited } = process.env
  return startServer(launch.command, {
    place: launch.place ?? 'proxy',
    port: launch.port,
    outputFile: join(directory, `${name}.log`),
    // Whoever is killed leaves its sockets there; they go with the folder.
    env: { ...inherited, ...launch.environment, KRB5RCACHEDIR: replayCaches, RUNTIME_DIRECTORY: directory },
  })
}

const folderOf = ({ directory }: Surroundings) => join(directory, FOLDER)

const settingOf = async (surroundings: Surroundings) => ({
  port: surroundings.identityProvider.torhaus.port,
  adminPort: await freePort(),
  upstreamUrl: originUrl(surroundings),
  issuer: surroundings.identityProvider.issuer,
  clientSecret: surroundings.identityProvider.torhaus.secret,
  directory: folderOf(surroundings),
})

function trafficOf(kind: TorhausKind) {
  if (kind === 'negotiate') return { checksTickets: true, remembersSenders: true, hasStore: true }
  // The origin server refuses there what comes without a token: each answer proves that one was sent.
  return { remembersSenders: true, hasStore: true, ...(kind === 'impersonating' && { originFolder: TICKET_FOLDER }) }
}

const commandOf = (program: string, configFile: string, nodeOptions: readonly string[]) => [
  ...[process.execPath, ...nodeOptions, program],
  ...['--config', configFile],
]
