/** `npm run --silent sbom [-- --whole]`: prints the bill of materials of what runs, or with it of all of development. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { exitCode } from '../../src/exit-codes.ts'
import { sbomOf } from './sbom.ts'

function isWhole(args: string[]): boolean {
  try {
    return parseArgs({ args, options: { whole: { type: 'boolean', default: false } } }).values.whole
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nusage: npm run --silent sbom [-- --whole]\n`)
    process.exit(exitCode.usage)
  }
}

const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'))
process.stdout.write(`${JSON.stringify(sbomOf(lock, isWhole(process.argv.slice(2))), undefined, 2)}\n`)
