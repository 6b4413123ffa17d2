/** `npm run build`: the bundle of this tree, in dist/ (docs/release.md). A release makes its own, of a commit. */
import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { optionValues } from '../demo/option-values.ts'
import { endWith } from '../demo/program.ts'
import { bundle } from './bundle.ts'

const ROOT = resolve(import.meta.dirname, '../..')

async function run(): Promise<ExitCode> {
  optionValues(process.argv.slice(2), {})
  const folder = join(ROOT, 'dist')
  await bundle(ROOT, folder)
  const bytes = readdirSync(folder).map(name => statSync(join(folder, name)).size)
  process.stdout.write(`dist/: ${bytes.length} files, ${(bytes.reduce((a, b) => a + b) / 1e6).toFixed(1)} MB\n`)
  return exitCode.done
}

endWith('build', run)
