/**
 * The folder of temporary files of a run of tests, which all that they start has in its environment: what is still there when
 * the run ends, or is ended, is found by it and goes.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { atExit } from '../demo/at-exit.ts'
import { shellWord } from '../demo/last-will.ts'
import { temporaryFolder } from '../demo/temporary-folder.ts'

/** As /tmp: some of what is started becomes another account. */
const FOR_EVERYBODY = 0o1777

/**
 * What is to stand in the environment of the tests; nothing under Windows, where nobody sees that of others. Its name is
 * short, for names of sockets have 107 bytes (unix(7)).
 */
export async function testEnvironment(): Promise<{ readonly TMPDIR?: string }> {
  if (process.platform === 'win32') return {}
  const { directory } = await temporaryFolder('t-')
  chmodSync(directory, FOR_EVERYBODY)
  const statement = endAllWith(`TMPDIR=${directory}`)
  atExit(() => void execFileSync('sh', ['-c', statement], { env: { PATH: process.env.PATH } }), statement)
  return { TMPDIR: directory }
}

/** The first times in order, the others at once; four seconds in all. */
const endAllWith = (variable: string) =>
  [
    'n=0',
    `while p=$(grep -lzxF -- ${shellWord(variable)} /proc/[0-9]*/environ 2>/dev/null | tr -dc "0-9\\n") && [ -n "$p" ] && [ $n -lt 40 ]`,
    'do [ $n -lt 20 ] && s=TERM || s=KILL',
    'kill -s $s $p 2>/dev/null',
    'n=$((n + 1))',
    'sleep 0.1',
    'done',
  ].join('; ')
