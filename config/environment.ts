/** What the environment says: hosting environments choose ports, service managers the folder for what is kept. */

import { join } from 'node:path'
import { isRecord } from './is-record.ts'

type Name = 'PORT' | 'HTTP_PLATFORM_PORT' | 'ADMIN_PORT' | 'STATE_DIRECTORY' | 'NODE_TLS_REJECT_UNAUTHORIZED'

export type ConfigEnvironment = Partial<Record<Name, string>>

type Section = Readonly<Record<string, unknown>>

export interface FromEnvironment {
  readonly value: unknown
  /** In words that name the variable: no line of the file is to blame. */
  readonly problems: readonly { readonly path: string; readonly message: string }[]
}

const MAX_PORT = 65_535

/** `value`: what the file holds. */
export function withEnvironment(value: unknown, environment: ConfigEnvironment): FromEnvironment {
  if (!isRecord(value)) return { value, problems: [] }
  const portName = environment.HTTP_PLATFORM_PORT ? 'HTTP_PLATFORM_PORT' : 'PORT'
  const listener = portFrom(environment, portName, 'listener.port')
  const admin = portFrom(environment, 'ADMIN_PORT', 'admin.port')
  return {
    value: {
      ...withStateDirectory(value, stateDirectoryIn(environment)),
      ...withOption(value, 'listener', 'port', listener.port),
      ...withOption(value, 'admin', 'port', admin.port),
    },
    problems: [...listener.problems, ...admin.problems, ...trustProblems(environment)],
  }
}

function portFrom(environment: ConfigEnvironment, name: Name, path: string) {
  const text = environment[name]
  if (!text) return { port: undefined, problems: [] }
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= MAX_PORT) return { port, problems: [] }
  const message = `the environment variable ${name} is ${JSON.stringify(text.slice(0, 40))}, but must be a whole number from 0 to ${MAX_PORT}, or unset`
  return { port: undefined, problems: [{ path, message }] }
}

/** With it, Node believes whatever certificate the OP or Redis shows, and says so on standard error alone. */
function trustProblems({ NODE_TLS_REJECT_UNAUTHORIZED }: ConfigEnvironment): FromEnvironment['problems'] {
  if (NODE_TLS_REJECT_UNAUTHORIZED !== '0') return []
  const message =
    'the environment variable NODE_TLS_REJECT_UNAUTHORIZED is 0, which lets anyone impersonate the OP and Redis: unset it, and add the authority of their certificates with caFile or NODE_EXTRA_CA_CERTS'
  return [{ path: '', message }]
}

/** The first folder that a unit may write to. Empty: there is none. */
export const stateDirectoryIn = ({ STATE_DIRECTORY }: { readonly STATE_DIRECTORY?: string | undefined }): string =>
  firstFolderOf(STATE_DIRECTORY)

/**
 * Of a variable in which a service manager names folders, several separated by colons (systemd.exec(5)). Empty: it names none.
 * The colon behind the letter of a drive of Windows separates nothing.
 */
export const firstFolderOf = (variable = ''): string => /^(?:[a-z]:[\\/])?[^:]*/i.exec(variable)?.[0] ?? ''

function withStateDirectory(value: Section, directory: string): Section {
  const session = value.session
  if (directory === '' || !isRecord(session)) return value
  const store = session.store ?? {}
  const sqlite = isRecord(store) ? (store.sqlite ?? {}) : undefined
  if (!isRecord(store) || !isRecord(sqlite) || sqlite.file !== undefined) return value
  const file = join(directory, STORE_FILE)
  return { ...value, session: { ...session, store: { ...store, sqlite: { ...sqlite, file } } } }
}

/** What the store is called where nothing else is said. */
export const STORE_FILE = 'torhaus.sqlite'

function withOption(value: Section, section: string, option: string, chosen: unknown): Section {
  const old = value[section] ?? {}
  return chosen === undefined || !isRecord(old) ? {} : { [section]: { ...old, [option]: chosen } }
}
