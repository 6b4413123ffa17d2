/** A file system of its own with little room, which a test can fill; only root may mount one. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const canMount = process.getuid?.() === 0

export interface SmallDisk extends AsyncDisposable {
  readonly directory: string
  fill(): Promise<void>
  empty(): void
}

export async function mountSmallDisk(kibibytes: number): Promise<SmallDisk> {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-small-disk-'))
  await run('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', directory])
  const filler = join(directory, 'filler')
  return {
    directory,
    // Ends with an error: there is no more room.
    fill: () => run('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k']).then(undefined, () => undefined) as Promise<void>,
    empty() {
      if (existsSync(filler)) rmSync(filler)
    },
    async [Symbol.asyncDispose]() {
      await run('umount', ['-l', directory])
      rmSync(directory, { recursive: true })
    },
  }
}
