/** A file system of its own with little room, which a test can fill; only root may mount one. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { atExit } from '../demo/at-exit.ts'
import { shellWord } from '../demo/last-will.ts'
import { temporaryFolder } from '../demo/temporary-folder.ts'

const run = promisify(execFile)

export const canMount = process.getuid?.() === 0

export interface SmallDisk extends AsyncDisposable {
  readonly directory: string
  fill(): Promise<void>
  empty(): void
}

export async function mountSmallDisk(kibibytes: number): Promise<SmallDisk> {
  const { directory, remove } = await temporaryFolder('torhaus-small-disk-')
  await run('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', directory])
  const unmount = atExit(() => execFileSync('umount', ['-l', directory]), `umount -l ${shellWord(directory)}`)
  const filler = join(directory, 'filler')
  return {
    directory,
    // Ends with an error: there is no more room.
    fill: () => run('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k']).then(undefined, () => undefined) as Promise<void>,
    empty() {
      if (existsSync(filler)) rmSync(filler)
    },
    async [Symbol.asyncDispose]() {
      unmount()
      remove()
    },
  }
}
