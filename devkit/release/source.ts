/** What is released: a commit, not what lies about in the folder. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundle, dropSources } from '../build/bundle.ts'
import { runCommand } from '../realm/run-command.ts'
import { sbomOf } from '../sbom/sbom.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** What runs once it is bundled, what rolls it out, and what people read. */
const SHIPPED = [
  ...['bin', 'config', 'deploy', 'docs', 'middleware', 'src'],
  ...['CHANGELOG.md', 'README.md', 'SECURITY.md', 'package.json', 'package-lock.json'],
] as const
/** Figures and pictures of measurements: no one who runs it needs them. */
const LEFT_OUT = ['docs/performance/results']
const BILL_OF_MATERIALS = 'torhaus.cdx.json'

export interface ReleaseSource {
  /** Holds the shipped files. */
  readonly folder: string
  readonly version: string
  /** Of the commit, in seconds: the time of every file in a release. */
  readonly epoch: number
  readonly commit: string
}

/**
 * Unpacks the commit into `folder`: of `tag`, which must be named after the version, or of the working tree with its changes
 * to files that git knows.
 */
export async function takeSource(
  folder: string,
  tag: string | undefined,
  epochWish: string | undefined,
): Promise<ReleaseSource> {
  const git = async (...args: string[]) => (await runCommand('git', args, { cwd: ROOT })).trim()
  const ref = tag ?? ((await git('stash', 'create')) || 'HEAD')
  const archive = `${folder}.tar`
  mkdirSync(folder, { recursive: true })
  await git('archive', '--output', archive, ref, ...SHIPPED)
  await runCommand('tar', ['-xf', archive, '-C', folder])
  rmSync(archive)
  for (const path of LEFT_OUT) rmSync(join(folder, path), { recursive: true, force: true })
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  if (tag !== undefined && tag !== `v${version}`) throw new Error(`the tag is ${tag}, but package.json says ${version}`)
  const commit = await git('rev-parse', tag === undefined ? 'HEAD' : `${tag}^{commit}`)
  // As other builds that can be repeated take it (reproducible-builds.org, SOURCE_DATE_EPOCH).
  const epoch = Number(epochWish ?? (await git('log', '-1', '--format=%ct', commit)))
  if (!Number.isSafeInteger(epoch)) throw new Error(`SOURCE_DATE_EPOCH must be a number of seconds, not ${epochWish}`)
  return { folder, version, epoch, commit }
}

export type Platform = 'linux-x64' | 'win-x64'

const NPM_PLATFORM: Readonly<Record<Platform, readonly string[]>> = {
  'linux-x64': ['--os=linux', '--cpu=x64', '--libc=glibc'],
  'win-x64': ['--os=win32', '--cpu=x64'],
}

/**
 * A folder that runs on the platform: the bundle, made of the sources and the packages of the lock file by their hashes, the
 * packages that stay outside of it, Node, and the bill of materials of all of it.
 */
export async function stage({ folder: source }: ReleaseSource, platform: Platform, folder: string): Promise<void> {
  cpSync(source, folder, { recursive: true })
  const args = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', ...NPM_PLATFORM[platform]]
  await runCommand('npm', args, { cwd: folder, timeoutMs: 840_000 })
  await bundle(folder, join(folder, 'dist'))
  dropSources(folder)
  // The plan takes these programs from beside it, where a clone has their sources.
  const plan = join(folder, 'deploy/two-machines/plan.yaml')
  const ofBundle = readFileSync(plan, 'utf8').replaceAll(
    '../roll-out/haproxy-server.ts',
    '../../dist/haproxy-server.js',
  )
  writeFileSync(plan, ofBundle)
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  writeFileSync(join(folder, BILL_OF_MATERIALS), `${JSON.stringify(sbomOf(lock, false), undefined, 2)}\n`)
  const modules = join(folder, 'node_modules')
  // Headers and manual pages of Node, a quarter of it; and what npm notes for itself.
  for (const name of ['include', 'share'])
    rmSync(join(modules, `node-${platform}`, name), { recursive: true, force: true })
  rmSync(join(modules, '.package-lock.json'), { force: true })
  if (platform === 'win-x64') rmSync(join(modules, '.bin'), { recursive: true, force: true })
}
