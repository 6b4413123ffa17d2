import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atExit } from './at-exit.ts'
import { DemoError } from './demo-error.ts'
import { shellWord } from './last-will.ts'

interface TemporaryFolder {
  readonly directory: string
  remove(): void
}

/** Programs that were killed a moment ago may still have a file open there. */
const ATTEMPTS = 5

/** A new folder whose name begins with `prefix`, which goes with this process at the latest; or the one `given`, which stays. */
export async function temporaryFolder(prefix: string, given?: string): Promise<TemporaryFolder> {
  if (given !== undefined) return { directory: given, remove: () => undefined }
  const directory = await mkdtemp(join(tmpdir(), prefix)).catch(({ code }: NodeJS.ErrnoException) => {
    throw new DemoError(
      `No folder can be made in ${tmpdir()} (${code}): set TMPDIR to one that is there and may be written.`,
    )
  })
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: ATTEMPTS })
  const attempts = Array.from({ length: ATTEMPTS }, () => `rm -rf -- ${shellWord(directory)}`)
  return { directory, remove: atExit(remove, attempts.join(' || { sleep 1; ') + '; }'.repeat(ATTEMPTS - 1)) }
}
