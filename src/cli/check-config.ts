/** `npm run config:check -- FILE`: all diagnostics of a configuration at once, or "is valid". */

import type { Diagnostic } from '../../config/diagnostic.ts'
import { loadConfig } from '../../config/load.ts'
import { system } from '../system.ts'

export function printDiagnostics(fileName: string, diagnostics: readonly Diagnostic[]): string {
  const line = ({ line, path, message }: Diagnostic) =>
    [`${fileName}${line === undefined ? '' : `:${line}`}`, path, message].filter(Boolean).join(': ')
  return `${diagnostics.map(line).join('\n')}\n`
}

if (import.meta.main) {
  const [fileName, ...rest] = process.argv.slice(2)
  if (fileName === undefined || rest.length > 0) {
    process.stderr.write('usage: npm run config:check -- FILE\n')
    process.exit(2)
  }
  const loaded = loadConfig(fileName, system.environment)
  if (loaded.ok) process.stdout.write(`${fileName} is valid\n`)
  else process.stderr.write(printDiagnostics(fileName, loaded.diagnostics))
  process.exit(loaded.ok ? 0 : 1)
}
