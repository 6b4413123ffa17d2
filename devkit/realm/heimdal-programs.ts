/**
 * Heimdal's KDC and programs as Debian has them. Its packages do not go together with those of MIT, so they are
 * unpacked, not installed, and run with their own libraries.
 */
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Made, madeOnce } from '../torhaus/made-once.ts'
import { runCommand } from './run-command.ts'

const PACKAGES = [
  ...['heimdal-kdc', 'heimdal-clients'],
  ...['asn1-8', 'gssapi3', 'hcrypto5', 'hdb9', 'heimbase1', 'heimntlm0', 'hx509-5', 'kadm5clnt7', 'kadm5srv8'].map(
    name => `lib${name}-heimdal`,
  ),
  ...['kafs0', 'kdc2', 'krb5-26', 'otp0', 'roken19', 'sl0', 'wind0'].map(name => `lib${name}-heimdal`),
]
const DOWNLOAD_TIMEOUT_MS = 240_000

export const heimdalPrograms = (): Promise<Made> =>
  madeOnce('heimdal-of-bookworm', async work => {
    const archives = join(work, 'archives')
    const folder = join(work, 'made')
    try {
      for (const made of [archives, folder]) await mkdir(made)
      await runCommand('apt-get', ['download', '-q', ...PACKAGES], { cwd: archives, timeoutMs: DOWNLOAD_TIMEOUT_MS })
      for (const name of await readdir(archives))
        await runCommand('dpkg-deb', ['--extract', join(archives, name), folder])
    } catch (error) {
      return { missing: `Heimdal of Debian 12 cannot be had: ${(error as Error).message}` }
    }
    return { folder }
  })
