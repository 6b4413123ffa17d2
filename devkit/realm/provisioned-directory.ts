/** The lab's directory database, from the cache where the same recipe made one before. */
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { debianPackageVersion } from '../torhaus/debian-packages.ts'
import {
  crowdNames,
  DEVOPS_SPN,
  LAB_ACCOUNTS,
  type LabAccount,
  numberedAccounts,
  PROXY_SPN,
  REALM,
} from './lab-accounts.ts'
import { runCommand } from './run-command.ts'
import { SAMBA_FOLDERS, sambaConfig } from './samba-config.ts'
import { inRoot } from './samba-of-trixie.ts'

const RECIPE = join(import.meta.dirname, 'samba-directory.py')

/** Samba's modules belong to the system's interpreter, not to whichever comes first on PATH. */
const PYTHON = '/usr/bin/python3'

/** 5,000 accounts take half a minute, on a busy machine several. */
const PROVISION_TIMEOUT_MS = 10 * 60_000

export const KEYTABS = {
  /** To accept as the proxy, and to initiate as its account. */
  proxy: { file: 'proxy.keytab', principals: [PROXY_SPN, 'svc-proxy'] },
  devops: { file: 'devops.keytab', principals: [DEVOPS_SPN] },
} as const

export type DirectoryPlace = {
  readonly directory: string
  readonly address: string
  /** Whose Samba it is: that of a root of its own, or of this machine. */
  readonly root?: string | undefined
}

export interface DirectoryPeople {
  /** `numberedAccounts`. */
  readonly extraUsers: number
  /** `crowdNames`. */
  readonly crowd: number
}

/** Fills `place.directory` with smb.conf, a provisioned domain, the lab's accounts and keytabs. */
export async function provisionedDirectory(
  place: DirectoryPlace,
  options: DirectoryPeople & { readonly cacheDirectory: string },
): Promise<void> {
  const archive = join(options.cacheDirectory, `samba-${await recipeHash(place, options)}.tar.gz`)
  if (await restore(archive, place)) return
  await prepare(place)
  const plan = JSON.stringify({
    realm: REALM,
    domain: 'CORP',
    adminPassword: 'Administrator-Passw0rd',
    accounts: [...Object.values(LAB_ACCOUNTS), ...numberedAccounts(options.extraUsers)],
    crowd: crowdNames(options.crowd),
    keytabs: Object.fromEntries(
      Object.values(KEYTABS).map(({ file, principals }) => [join(place.directory, file), principals]),
    ),
  })
  await runRecipe(place, ['provision', smbConf(place), place.address], plan)
  await store(archive, place)
}

/** Adds accounts while the KDC runs; it sees them at once. */
export async function addAccounts(place: DirectoryPlace, accounts: readonly LabAccount[]): Promise<void> {
  await runRecipe(place, ['accounts', smbConf(place)], JSON.stringify({ accounts }))
}

async function runRecipe(place: DirectoryPlace, args: readonly string[], input: string): Promise<void> {
  // Where both sides see it.
  const recipe = join(place.directory, basename(RECIPE))
  await copyFile(RECIPE, recipe)
  await runCommand(...inPlace(place, PYTHON, [recipe, ...args]), { input, timeoutMs: PROVISION_TIMEOUT_MS })
}

/** Program and arguments, with the Samba of the place. */
export const inPlace = (
  { root, directory }: DirectoryPlace,
  file: string,
  args: readonly string[],
): [string, readonly string[]] => (root === undefined ? [file, args] : inRoot(root, dirname(directory), file, args))

export function smbConf(place: DirectoryPlace): string {
  return join(place.directory, 'smb.conf')
}

async function prepare(place: DirectoryPlace): Promise<void> {
  for (const folder of SAMBA_FOLDERS) await mkdir(join(place.directory, folder), { recursive: true })
  await writeFile(smbConf(place), sambaConfig(place))
}

/** Everything that decides what a provisioned directory holds, except where it lies. */
async function recipeHash({ root }: DirectoryPlace, { extraUsers, crowd }: DirectoryPeople): Promise<string> {
  const parts = [
    await readFile(RECIPE, 'utf8'),
    sambaConfig({ directory: '/', address: '127.0.0.1' }),
    JSON.stringify([LAB_ACCOUNTS, KEYTABS, extraUsers, crowd]),
    root ?? (await debianPackageVersion('samba')) ?? '',
  ]
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 20)
}

async function restore(archive: string, place: DirectoryPlace): Promise<boolean> {
  const present = await readFile(archive).then(
    () => true,
    () => false,
  )
  if (!present) return false
  await runCommand('tar', ['-xzf', archive, '-C', place.directory])
  await prepare(place)
  return true
}

/** Written aside and renamed: another lab that starts meanwhile sees a whole archive or none. */
async function store(archive: string, place: DirectoryPlace): Promise<void> {
  await mkdir(join(archive, '..'), { recursive: true })
  const unfinished = `${archive}.${process.pid}`
  try {
    // 0600: keytabs and password hashes, if only of a domain that exists nowhere else.
    await writeFile(unfinished, '', { mode: 0o600 })
    await runCommand('tar', ['-czf', unfinished, '-C', place.directory, '.'])
    await rename(unfinished, archive)
  } finally {
    await rm(unfinished, { force: true })
  }
}
