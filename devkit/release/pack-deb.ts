/** A Debian package: below /usr/lib/torhaus, with unit, user and configuration; not started before it is configured. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { runCommand } from '../realm/run-command.ts'
import type { ReleaseSource } from './source.ts'

const DEBIAN = join(import.meta.dirname, 'debian')
const HOME = 'usr/lib/torhaus'
const MAINTAINER = 'Torhaus maintainers <maintainers@torhaus.invalid>'
const TIMEOUT_MS = 590_000

/** 1.0.0-rc.1 comes before 1.0.0, which `~` says to dpkg (deb-version(7)). */
export const debianVersion = (version: string) => version.replace('-', '~')

/** `staged`: a folder of linux-x64. */
export async function packDeb(source: ReleaseSource, staged: string, work: string, file: string): Promise<void> {
  const { version, epoch } = source
  const root = join(work, 'deb')
  const inRoot = (path: string) => join(root, path)
  mkdirSync(inRoot('usr/bin'), { recursive: true })
  cpSync(staged, inRoot(HOME), { recursive: true, verbatimSymlinks: true })
  symlinkSync(`../lib/torhaus/torhaus`, inRoot('usr/bin/torhaus'))
  const write = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(inRoot(path)), { recursive: true })
    writeFileSync(inRoot(path), content)
  }
  const documents = 'usr/share/doc/torhaus'
  for (const name of ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'docs', 'deploy']) {
    cpSync(join(staged, name), inRoot(join(documents, name)), { recursive: true })
    if (name !== 'CHANGELOG.md') rmSync(inRoot(join(HOME, name)), { recursive: true, force: true })
  }
  write(join(documents, 'copyright'), readFileSync(join(DEBIAN, 'copyright')))
  write(join(documents, 'changelog.gz'), gzipSync(changelog(version, epoch), { level: 9 }))
  write('usr/share/man/man1/torhaus.1.gz', gzipSync(readFileSync(join(DEBIAN, 'torhaus.1')), { level: 9 }))
  write('usr/share/lintian/overrides/torhaus', readFileSync(join(DEBIAN, 'lintian-overrides')))
  const unit = readFileSync(join(staged, 'deploy/torhaus.service'), 'utf8').replaceAll('/opt/torhaus', `/${HOME}`)
  write('usr/lib/systemd/system/torhaus.service', unit)
  write('etc/torhaus/torhaus.yaml', readFileSync(join(staged, 'config/example.yaml')))
  write('DEBIAN/conffiles', '/etc/torhaus/torhaus.yaml\n')
  fixModes(root)
  for (const name of ['postinst', 'prerm', 'postrm']) {
    copyFileSync(join(DEBIAN, name), inRoot(join('DEBIAN', name)))
    chmodSync(inRoot(join('DEBIAN', name)), 0o755)
  }
  write('DEBIAN/control', control(version, installedKb(root)))
  const env = { ...process.env, SOURCE_DATE_EPOCH: `${epoch}` }
  const args = ['--root-owner-group', '-Zxz', '-z3', '--build', root, file]
  await runCommand('dpkg-deb', args, { env, timeoutMs: TIMEOUT_MS })
}

/** Whatever umask and npm made of them: programs are those that begin as one, or that Node is. */
function fixModes(root: string): void {
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const path = join(root, name)
    const entry = lstatSync(path)
    if (entry.isSymbolicLink()) continue
    const isProgram =
      entry.isDirectory() || /\/bin\/node$|\/lib\/torhaus\/torhaus$|\/(torhaus-release|prepare)$/.test(path)
    chmodSync(path, isProgram ? 0o755 : 0o644)
  }
}

const installedKb = (root: string): number =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => {
    const entry = lstatSync(join(root, name))
    return sum + (entry.isFile() ? Math.ceil(entry.size / 1024) : 1)
  }, 0)

const control = (version: string, kb: number) => `Package: torhaus
Version: ${debianVersion(version)}
Architecture: amd64
Maintainer: ${MAINTAINER}
Installed-Size: ${kb}
Pre-Depends: init-system-helpers (>= 1.54~)
Depends: adduser, libatomic1, libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 9)
Recommends: procps
Section: net
Priority: optional
Description: authenticating reverse proxy with a second factor
 Torhaus stands in front of a DevOps server and lets in who has shown a second
 factor: browsers by OpenID Connect, programs by tokens and Kerberos.
 .
 It brings the Node.js that it has been tested with.
`

/** debchangelog(5), for the tools that read it; what changed is in CHANGELOG.md. */
const changelog = (version: string, epoch: number) => `torhaus (${debianVersion(version)}) stable; urgency=medium

  * Release ${version}: see CHANGELOG.md.

 -- ${MAINTAINER}  ${new Date(epoch * 1000).toUTCString().replace('GMT', '+0000')}
`
