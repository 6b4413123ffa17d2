/** Debian packages a test needs: installs what is missing, so that `npm test` works on a fresh machine. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** An installation downloads: generous, but not for ever. */
const INSTALL_TIMEOUT_MS = 10 * 60_000

/** One installer of ours at a time: a second one would otherwise lose the policy-rc.d below while it still installs. */
const INSTALLER_LOCK = '/var/lock/torhaus-debian-packages.lock'

/**
 * policy-rc.d answering 101 ("action forbidden", invoke-rc.d(8)) keeps packages from starting their services: the lab
 * starts its own, with its own configuration. One that was there before stays as it is.
 */
const INSTALL_SCRIPT = `
set -u
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 143' INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
install_packages() {
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}
install_packages "$@" || { apt-get update -o DPkg::Lock::Timeout=300 && install_packages "$@"; }
`

/** What `test/run.ts` sets for `npm run test:unit`, which installs nothing. */
export const INSTALLS_NOTHING = 'TORHAUS_TESTS_INSTALL_NOTHING'

/**
 * For what stands among the tests that need no package: why it is left out where nothing is installed. Undefined: they
 * are here. Elsewhere as `ensureDebianPackages`.
 */
export async function missingPackages(names: readonly string[]): Promise<string | undefined> {
  try {
    await ensureDebianPackages(names)
    return undefined
  } catch (error) {
    if (process.env[INSTALLS_NOTHING] === undefined) throw error
    return (error as Error).message
  }
}

/**
 * Resolves once every named Debian package is installed.
 * @throws where packages are missing and cannot be installed; the message names them.
 */
export async function ensureDebianPackages(names: readonly string[]): Promise<void> {
  const missing = await missingDebianPackages(names)
  if (missing.length === 0) return
  const list = missing.join(' ')
  if (process.env[INSTALLS_NOTHING] !== undefined || process.getuid?.() !== 0)
    throw new Error(`Debian packages are missing; as root: apt-get install ${list}`)
  // An installation goes on where a run of tests is ended, which looks for what has its folder.
  const { TMPDIR: _, ...usual } = process.env
  const env = { ...usual, DEBIAN_FRONTEND: 'noninteractive' }
  const args = [INSTALLER_LOCK, 'sh', '-c', INSTALL_SCRIPT, 'sh', ...missing]
  try {
    await run('flock', args, { env, timeout: INSTALL_TIMEOUT_MS, maxBuffer: 1 << 26 })
  } catch (cause) {
    throw new Error(`Debian packages could not be installed: ${list}`, { cause })
  }
  const still = await missingDebianPackages(missing)
  if (still.length > 0) throw new Error(`Debian packages are missing after their installation: ${still.join(' ')}`)
}

/** The installed version of a package, or undefined. */
export async function debianPackageVersion(name: string): Promise<string | undefined> {
  return (await installedVersions([name])).get(name)
}

async function missingDebianPackages(names: readonly string[]): Promise<string[]> {
  const installed = await installedVersions(names)
  return names.filter(name => !installed.has(name))
}

async function installedVersions(names: readonly string[]): Promise<Map<string, string>> {
  // Exits with 1 when it does not know one of the names, and still lists the others.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query(1)'s own syntax
  const format = '--showformat=${Package} ${db:Status-Status} ${Version}\n'
  const listing = await run('dpkg-query', ['--show', format, ...names]).catch(listingOfKnownPackages)
  const installed = new Map<string, string>()
  for (const line of listing.stdout.split('\n')) {
    const [name, status, version] = line.split(' ')
    if (name && version && status === 'installed') installed.set(name, version)
  }
  return installed
}

function listingOfKnownPackages(error: unknown): { stdout: string } {
  if (error instanceof Error && 'code' in error) {
    if (error.code === 1 && 'stdout' in error && typeof error.stdout === 'string') return { stdout: error.stdout }
    if (error.code === 'ENOENT')
      throw new Error('dpkg-query is missing: the lab needs Debian or a system derived from it')
  }
  throw error
}
