/** What Chromium needs before it answers a Negotiate challenge without asking. */
import { randomUUID } from 'node:crypto'
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Chromium on Linux reads managed policies from here and nowhere else. */
export const POLICY_FOLDER = '/etc/chromium/policies/managed'

/** Lab names only, and no DNS lookup of a canonical name: the SPN is the name in the URL. */
const POLICY = { DisableAuthNegotiateCnameLookup: true, AuthServerAllowlist: '*.corp.test' }

/**
 * Makes a new profile folder ready: Chromium keeps in `Local State` whether it ever met a Negotiate challenge, and a
 * profile that did not leaves the first one unanswered.
 */
export async function seedKerberosProfile(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  const state = { net: { received_http_auth_negotiate_headers: true } }
  await writeFile(join(directory, 'Local State'), JSON.stringify(state))
}

/**
 * Writes the managed policy in a file of its own, so several labs may each hold one: of one option they must say the same.
 * @param folder for tests of this function.
 * @returns what removes it again, with the folders made for it. @throws where this process may not write there: run as
 * root.
 */
export async function writeChromiumPolicy(
  folder = POLICY_FOLDER,
  policy: object = POLICY,
): Promise<() => Promise<void>> {
  const firstMade = await mkdir(folder, { recursive: true })
  const file = join(folder, `torhaus-lab-${randomUUID()}.json`)
  await writeFile(file, JSON.stringify(policy))
  return async () => {
    await rm(file, { force: true })
    if (firstMade !== undefined) await removeEmptyFolders(folder, dirname(firstMade))
  }
}

async function removeEmptyFolders(folder: string, end: string): Promise<void> {
  for (let path = folder; path !== end; path = dirname(path)) {
    // Somebody else's policy lies there by now: it stays.
    const removed = await rmdir(path).then(
      () => true,
      () => false,
    )
    if (!removed) return
  }
}
