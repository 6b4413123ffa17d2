/** What is brought from elsewhere and made once for this computer, in a folder outside the tree. */
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where it lies, or why it cannot be had here. */
export type Made = { readonly folder: string } | { readonly missing: string }

const cacheFolder = () => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'torhaus')

/** `name`: with its version. `make` is given an empty folder, and says which folder in it is to be kept. */
export async function madeOnce(name: string, make: (work: string) => Promise<Made>): Promise<Made> {
  const folder = join(cacheFolder(), name)
  if (await exists(folder)) return { folder }
  await mkdir(cacheFolder(), { recursive: true })
  const work = await mkdtemp(join(cacheFolder(), 'making-'))
  try {
    const made = await make(work)
    if ('missing' in made) return made
    // Whoever was faster has made the same.
    await rename(made.folder, folder).catch(async error => {
      if (!(await exists(folder))) throw error
    })
    return { folder }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
