/**
 * git as Debian 13 has it, on Debian 12: its packages unpacked, not installed, and run with the libraries of Debian 13 by
 * their own loader. Nothing but this git sees them.
 */
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand, tryCommand } from '../realm/run-command.ts'
import { debianMirror } from '../torhaus/debian-mirror.ts'
import { type Made, madeOnce } from '../torhaus/made-once.ts'

const SUITE = 'trixie'
const DOWNLOAD_TIMEOUT_MS = 240_000
/** What git runs of its own: itself, and what speaks HTTP. */
const PROGRAMS = { git: 'bin', 'git-remote-http': 'lib/git-core', 'git-remote-https': 'lib/git-core' }

/** In the folder is a program `git`. */
export const gitOfTrixie = (): Promise<Made> =>
  madeOnce(`git-of-${SUITE}`, async work => {
    if (process.arch !== 'x64')
      return { missing: `git of Debian 13 is tried on x64 alone, and this is ${process.arch}` }
    if (process.getuid?.() !== 0) return { missing: 'debootstrap downloads git of Debian 13 as root alone' }
    const folder = join(work, 'made')
    try {
      const root = join(work, 'root')
      const args = ['--download-only', '--variant=minbase', '--include=git', SUITE, root, await debianMirror()]
      await runCommand('debootstrap', args, { timeoutMs: DOWNLOAD_TIMEOUT_MS })
      await unpack(join(root, 'var/cache/apt/archives'), join(folder, 'root'))
    } catch (error) {
      return { missing: `git of Debian 13 cannot be had: ${(error as Error).message}` }
    }
    for (const [name, where] of Object.entries(PROGRAMS)) await wrap(folder, name, where)
    return { folder }
  })

/** Of what a minimal system has: git, and libraries. */
async function unpack(archives: string, into: string): Promise<void> {
  await mkdir(into, { recursive: true })
  for (const name of await readdir(archives))
    if (/^(lib|git_|zlib)/.test(name)) await runCommand('dpkg-deb', ['--extract', join(archives, name), into])
}

/** Wherever the folder lies; git finds its other parts by GIT_EXEC_PATH. */
async function wrap(folder: string, name: string, where: string): Promise<void> {
  const file = join(folder, name)
  await writeFile(
    file,
    `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
libraries=$here/root/usr/lib/x86_64-linux-gnu
export GIT_EXEC_PATH="$here" GIT_TEMPLATE_DIR="$here/root/usr/share/git-core/templates"
exec "$libraries/ld-linux-x86-64.so.2" --argv0 ${name} --library-path "$libraries" "$here/root/usr/${where}/${name}" "$@"
`,
  )
  await chmod(file, 0o755)
  const { code, stderr } = await tryCommand(file, ['--version'])
  // What speaks HTTP has no version to say.
  if (code === null || (name === 'git' && code !== 0)) throw new Error(`${name} of Debian 13 does not run: ${stderr}`)
}
