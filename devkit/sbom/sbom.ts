/**
 * A bill of materials in CycloneDX 1.6 JSON, from the lock file alone: each package with its licence and its hash, and
 * what depends on what. The same lock file gives the same text.
 */
import { createHash } from 'node:crypto'

export interface LockedPackage {
  readonly name?: string
  readonly version: string
  readonly license?: string
  /** Subresource Integrity: `sha512-` and base64. */
  readonly integrity?: string
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly optional?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export interface LockFile {
  /** By path: '' is this project. */
  readonly packages: Readonly<Record<string, LockedPackage>>
}

const FOLDER = 'node_modules/'
const ALGORITHMS: Readonly<Record<string, string>> = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
}

/** `isWhole`: with what development needs. */
export function sbomOf(lock: LockFile, isWhole: boolean): object {
  const { '': project, ...all } = lock.packages
  if (project?.name === undefined) throw new Error('package-lock.json does not say what it is the lock file of')
  const packages = Object.entries(all).filter(([, { dev, devOptional }]) => isWhole || !(dev || devOptional))
  const root = purlOf(project.name, project.version)
  const paths = new Set(packages.map(([path]) => path))
  const body = {
    metadata: {
      component: { type: 'application', 'bom-ref': root, name: project.name, version: project.version, purl: root },
    },
    components: packages.map(([path, locked]) => componentOf(path, locked)),
    dependencies: [
      { ref: root, dependsOn: neededBy('', project, paths, isWhole) },
      ...packages.map(([path, locked]) => ({
        ref: refOf(path, locked),
        dependsOn: neededBy(path, locked, paths, false),
      })),
    ],
  }
  const withRefs = { ...body, dependencies: body.dependencies.map(refs(lock)) }
  return { bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber: serialOf(withRefs), version: 1, ...withRefs }
}

function componentOf(path: string, locked: LockedPackage): object {
  const name = nameOf(path)
  const [scope, bare] = name.startsWith('@') ? name.split('/') : [undefined, name]
  const purl = purlOf(name, locked.version)
  return {
    type: 'library',
    'bom-ref': refOf(path, locked),
    ...(scope === undefined ? {} : { group: scope }),
    ...{ name: bare, version: locked.version },
    scope: locked.dev ? 'excluded' : locked.optional || locked.devOptional ? 'optional' : 'required',
    hashes: hashesOf(path, locked),
    licenses: locked.license === undefined ? [] : [licenceOf(locked.license)],
    purl,
  }
}

/** RFC 6920 6 is not meant: Subresource Integrity, as npm writes it. */
function hashesOf(path: string, { integrity = '' }: LockedPackage): object[] {
  const hashes = integrity.split(' ').map(text => {
    const [, name = '', base64 = ''] = /^(sha\d+)-(.+)$/.exec(text) ?? []
    return { alg: ALGORITHMS[name], content: Buffer.from(base64, 'base64').toString('hex') }
  })
  if (hashes.some(({ alg, content }) => alg === undefined || content === ''))
    throw new Error(`package-lock.json has no hash for ${path}`)
  return hashes
}

/** An identifier of SPDX, or several joined. */
const licenceOf = (text: string) =>
  /^[\w.+-]+$/.test(text) ? { license: text === 'UNLICENSED' ? { name: text } : { id: text } } : { expression: text }

/** Paths of what it needs, as Node finds it: in the nearest folder above. */
function neededBy(path: string, locked: LockedPackage, paths: ReadonlySet<string>, isWhole: boolean): string[] {
  const { dependencies, optionalDependencies, devDependencies } = locked
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...(isWhole ? devDependencies : {}) })
  return names.flatMap(name => nearest(path, name, paths) ?? []).sort()
}

function nearest(path: string, name: string, paths: ReadonlySet<string>): string | undefined {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf(`/${FOLDER}`)))) {
    const candidate = `${at === '' ? '' : `${at}/`}${FOLDER}${name}`
    if (paths.has(candidate)) return candidate
    if (at === '') return undefined
    // The outermost folder has nothing before it.
    if (!at.includes(`/${FOLDER}`)) at = ''
  }
}

const refs =
  ({ packages }: LockFile) =>
  ({ ref, dependsOn }: { readonly ref: string; readonly dependsOn: readonly string[] }) => ({
    ref,
    dependsOn: dependsOn.flatMap(path => {
      const locked = packages[path]
      return locked === undefined ? [] : [refOf(path, locked)]
    }),
  })

/** The same package may lie in several folders. */
const refOf = (path: string, { version }: LockedPackage) => `${purlOf(nameOf(path), version)}#${path}`

const nameOf = (path: string) => path.slice(path.lastIndexOf(FOLDER) + FOLDER.length)

/** Package URL: the @ of a scope is encoded. */
const purlOf = (name: string, version: string) => `pkg:npm/${name.replace(/^@/, '%40')}@${version}`

/** A UUID (version 8: of our own making) from the content. */
function serialOf(content: object): string {
  const hex = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16)
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
