/** `npm run --silent sbom [-- --whole]`: prints the bill of materials of what runs, or with it of all of development. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { optionValues } from '../demo/option-values.ts'
import { endWith } from '../demo/program.ts'
import { sbomOf } from './sbom.ts'

async function run(): Promise<ExitCode> {
  const { whole = false } = optionValues(process.argv.slice(2), { whole: { type: 'boolean' } })
  const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'))
  process.stdout.write(`${JSON.stringify(sbomOf(lock, whole), undefined, 2)}\n`)
  return exitCode.done
}

endWith('bill of materials', run)
