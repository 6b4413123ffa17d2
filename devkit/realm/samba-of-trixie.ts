/**
 * Samba as Debian 13 has it (4.22), on Debian 12: its packages unpacked, not installed, in a root of their own. What
 * runs there sees one folder of the machine, and the machine sees nothing of it: no service is started or configured.
 */
import { copyFile, mkdir, readdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { debianMirror } from '../torhaus/debian-mirror.ts'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'
import { type Made, madeOnce } from '../torhaus/made-once.ts'
import { runCommand } from './run-command.ts'

const SUITE = 'trixie'
const DOWNLOAD_TIMEOUT_MS = 400_000
const PACKAGES = [
  ...['samba', 'samba-ad-dc', 'samba-ad-provision', 'samba-dsdb-modules', 'samba-vfs-modules', 'python3-samba'],
  // By another name than what needs it says, which debootstrap does not follow.
  'python3-cffi-backend',
]
/** Of what debootstrap brings along: these are the programs and what they are linked with. */
const NEEDED = /^(lib|python3|samba|zlib1g|base-|coreutils|dash|netbase|openssl-provider-legacy)/

/** The folder is the root of a file system, for `inRoot`. */
export const sambaOfTrixie = (): Promise<Made> =>
  madeOnce(`samba-of-${SUITE}`, async work => {
    if (process.getuid?.() !== 0) return { missing: 'Samba of Debian 13 runs in a root of its own, as root alone' }
    const archives = join(work, 'archives')
    const folder = join(work, 'made')
    try {
      await ensureDebianPackages(['debootstrap'])
      const args = ['--download-only', '--variant=minbase', `--include=${PACKAGES.join(',')}`]
      const options = { timeoutMs: DOWNLOAD_TIMEOUT_MS }
      await runCommand('debootstrap', [...args, SUITE, archives, await debianMirror()], options)
      await unpack(join(archives, 'var/cache/apt/archives'), folder)
      await runCommand(...inRoot(folder, work, 'python3', ['-c', 'import samba.provision']))
    } catch (error) {
      return { missing: `Samba of Debian 13 cannot be had: ${(error as Error).message}` }
    }
    return { folder }
  })

async function unpack(archives: string, root: string): Promise<void> {
  for (const merged of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(root, 'usr', merged), { recursive: true })
    await symlink(join('usr', merged), join(root, merged))
  }
  for (const name of await readdir(archives))
    if (NEEDED.test(name)) await runCommand('dpkg-deb', ['--extract', join(archives, name), root])
  // What the package would copy when it is installed: Samba looks for the account nobody.
  for (const [from, to] of [
    ['passwd.master', 'passwd'],
    ['group.master', 'group'],
  ] as const)
    await copyFile(join(root, 'usr/share/base-passwd', from), join(root, 'etc', to))
}

/** Mounts of this program alone, which end with it. The shell becomes the program: a signal reaches it. */
const ENTER = `
root=$1 shared=$2
shift 2
mkdir -p "$root$shared"
mount --bind "$shared" "$root$shared"
mount --rbind /dev "$root/dev"
exec chroot "$root" "$@"
`

/**
 * Program and arguments to run a program of that root in it. `directory`: a folder that lies at the same place for both
 * sides, with its neighbours.
 */
export function inRoot(root: string, directory: string, file: string, args: readonly string[]): [string, string[]] {
  const enter = ['--mount', '--propagation', 'private', 'sh', '-ec', ENTER, 'sh', root, dirname(directory)]
  return ['unshare', [...enter, file, ...args]]
}
