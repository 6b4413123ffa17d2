import { readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { bytesIn } from '../../config/files-read.ts'
import { type KdcAddress, parseKdc } from '../../config/kdc-address.ts'

/** Files may include files; who goes deeper goes in a circle. */
const MAX_DEPTH = 8
const USUAL_FILES = '/etc/krb5.conf'

/** Which krb5.conf to read. */
export interface Krb5Config {
  /** In place of those that `KRB5_CONFIG` names, or of that of the system. */
  readonly krb5ConfigFile?: string | undefined
  readonly environment: NodeJS.ProcessEnv
}

/**
 * The KDCs of a realm in a krb5.conf and the files that it includes (krb5.conf(5), `[realms]`); nothing else in it is
 * read. Empty if there is no such file. Throws if it names only KDCs that cannot be used, such as a proxy over HTTPS
 * (MS-KKDCP).
 */
export function krb5ConfigKdcs(realm: string, { krb5ConfigFile, environment }: Krb5Config): KdcAddress[] {
  const files =
    krb5ConfigFile === undefined ? (environment.KRB5_CONFIG ?? USUAL_FILES).split(delimiter) : [krb5ConfigFile]
  const relations = files.flatMap(file => withIncluded(file)).flatMap(lines => [...relationsIn(lines)])
  const named = relations.filter(relation => isKdcOf(relation, realm)).map(({ value }) => value)
  const addresses = named.map(parseKdc).filter(address => address !== undefined)
  if (named.length > 0 && addresses.length === 0)
    throw new Error(
      `${files.join(', ')} names no KDC of ${realm} that can be asked (${named.join(', ')}): name host names or addresses in kerberos.kdcs`,
    )
  return addresses
}

interface Relation {
  /** `['realms', 'CORP.TEST', 'kdc']`. */
  readonly path: readonly string[]
  readonly value: string
}

function* relationsIn(lines: readonly string[]): Generator<Relation> {
  let inside: string[] = []
  for (const line of lines) {
    const [, header] = /^\[([^\]]*)\]/.exec(line) ?? []
    const [, tag, value = ''] = /^([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? []
    if (header !== undefined) inside = [header]
    else if (line.startsWith('}')) inside.pop()
    else if (tag !== undefined && value.startsWith('{')) inside.push(tag)
    else if (tag !== undefined) yield { path: [...inside, tag], value: value.replace(/^"(.*)"$/, '$1') }
  }
}

const isKdcOf = ({ path }: Relation, realm: string) =>
  path.length === 3 && path[0] === 'realms' && path[1] === realm && path[2] === 'kdc'

/** The lines of a file, without comments and empty ones, behind those of each file that it includes. */
function withIncluded(file: string, depth = MAX_DEPTH): string[][] {
  // A folder in one that is included holds nothing, as for libkrb5; where the file itself should be, it is a mistake.
  const nothing = depth < MAX_DEPTH ? ['ENOENT', 'EISDIR'] : undefined
  const lines = whatIsThere(() => bytesIn(file).toString().split('\n'), nothing)
    .map(line => line.trim())
    .filter(line => line !== '' && !/^[#;]/.test(line))
  const included = lines.flatMap(line => {
    const [, isFolder, path] = /^include(dir)?\s+(\S.*)$/.exec(line) ?? []
    if (path === undefined || depth === 0) return []
    return isFolder === undefined ? [path] : filesOf(path)
  })
  return [...included.flatMap(path => withIncluded(path, depth - 1)), lines]
}

/** Those that libkrb5 takes: names of letters, digits, hyphens and underscores, or with `.conf` at the end. */
const filesOf = (folder: string): string[] =>
  whatIsThere(() => readdirSync(folder).sort())
    .filter(name => /^[A-Za-z0-9_-]+$|^[^.].*\.conf$/.test(name))
    .map(name => join(folder, name))

function whatIsThere(read: () => string[], nothing: readonly unknown[] = ['ENOENT']): string[] {
  try {
    return read()
  } catch (error) {
    if (nothing.includes((error as NodeJS.ErrnoException).code)) return []
    throw error
  }
}
