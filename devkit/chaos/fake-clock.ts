/** The clock of a process that can be set while it runs: faketime of Debian, which it is started with. */
import { globSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export class FakeClock {
  readonly #file: string

  private constructor(file: string) {
    this.#file = file
  }

  /** Right, until it is set. */
  static async in(directory: string): Promise<FakeClock> {
    const clock = new FakeClock(join(directory, 'faketime'))
    await clock.set(0)
    return clock
  }

  /** Of the process: what measures durations stays as it is, and so do the times of files. */
  get environment(): NodeJS.ProcessEnv {
    const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')
    if (library === undefined) throw new Error('libfaketime is not there: apt-get install faketime')
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    }
  }

  /** Ahead of the right time; within a second the process sees it. */
  async set(aheadS: number): Promise<void> {
    await writeFile(this.#file, `${aheadS < 0 ? '' : '+'}${aheadS}s\n`)
  }
}
