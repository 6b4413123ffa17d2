/** A Debian of its own, made once with debootstrap and kept as a tar, so that images of one day are the same. */
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runCommand } from '../realm/run-command.ts'
import { debianMirror } from '../torhaus/debian-mirror.ts'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'

const CACHE = resolve(import.meta.dirname, '../../.cache/release')
const SUITE = 'bookworm'
/** What Torhaus needs beside a minimal system. */
const INCLUDED = ['adduser', 'ca-certificates', 'libatomic1', 'libstdc++6', 'init-system-helpers']
const TIMEOUT_MS = 590_000

/** The file name of a tar of its root. `more`: packages it has besides. */
export async function debianBase(work: string, more: readonly string[] = []): Promise<string> {
  const included = [...INCLUDED, ...more].join(',')
  const file = join(CACHE, `base-${SUITE}-${hash('sha256', included).slice(0, 8)}.tar`)
  if (existsSync(file)) return file
  await ensureDebianPackages(['debootstrap'])
  const root = join(work, 'debian')
  const args = ['--variant=minbase', `--include=${included}`, SUITE, root, await debianMirror()]
  await runCommand('debootstrap', args, { timeoutMs: TIMEOUT_MS })
  // What differs from one run to the next, and what nobody needs in an image.
  for (const path of ['var/log/bootstrap.log', 'var/cache/ldconfig/aux-cache', 'var/lib/apt/lists', 'var/cache/apt'])
    rmSync(join(root, path), { recursive: true, force: true })
  // Of the machine that made it: its name, its resolver, where it takes packages from.
  for (const path of ['etc/hostname', 'etc/resolv.conf', 'etc/apt/sources.list'])
    rmSync(join(root, path), { force: true })
  for (const path of ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/info', 'var/log'])
    rmSync(join(root, path), { recursive: true, force: true })
  for (const path of ['var/log', 'var/lib/apt/lists/partial', 'var/cache/apt/archives/partial', 'usr/share/doc'])
    mkdirSync(join(root, path), { recursive: true })
  mkdirSync(CACHE, { recursive: true })
  const unfinished = `${file}.${process.pid}`
  await runCommand('tar', ['--sort=name', '--numeric-owner', '--mtime=@0', '-C', root, '-cf', unfinished, '.'], {
    timeoutMs: TIMEOUT_MS,
  })
  renameSync(unfinished, file)
  rmSync(root, { recursive: true, force: true })
  return file
}
