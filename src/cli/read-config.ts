/** The configuration that a command was given, or every problem of it. */
import type { Diagnostic } from '../../config/diagnostic.ts'
import type { ConfigEnvironment } from '../../config/environment.ts'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { exitCode } from '../exit-codes.ts'
import { CommandError, type GivenArguments, usageError } from './command.ts'

export function readConfig(fileName: string, environment: ConfigEnvironment): Config {
  const loaded = loadConfig(fileName, environment)
  if (loaded.ok) return loaded.config
  throw new CommandError(diagnosticLines(fileName, loaded.diagnostics).join('\n'), exitCode.config)
}

/** From `--config`, or from `positional` where a command takes the file without the option, too. */
export function configFileOf({ values: { config } }: GivenArguments, positional?: string): string {
  if (config !== undefined && positional !== undefined) throw usageError('the configuration file is given twice')
  const fileName = config ?? positional
  if (fileName === undefined || fileName === '') throw usageError('--config FILE is needed')
  return fileName
}

function diagnosticLines(fileName: string, diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ line, path, message }) =>
    [`${fileName}${line === undefined ? '' : `:${line}`}`, path, message].filter(Boolean).join(': '),
  )
}
