/** `npm run docs`: every page and picture that is made from the sources, by the program that makes it. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { optionValues } from '../demo/option-values.ts'
import { endWith } from '../demo/program.ts'

const PROGRAMS = [
  'document-configuration',
  'document-errors',
  'document-exit-codes',
  'document-mistakes',
  'document-texts',
  'document-clients',
  'document-conformance',
  'draw-floors',
  'draw-dashboards',
  'draw-kibana',
]

async function run(): Promise<ExitCode> {
  optionValues(process.argv.slice(2), {})
  for (const name of PROGRAMS) {
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`)], { stdio: 'inherit' })
    if (status !== 0) return exitCode.failed
  }
  return exitCode.done
}

endWith('documentation', run)
