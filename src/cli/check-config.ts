import { exitCode } from '../exit-codes.ts'
import { runtimeFolderProblem } from '../process/runtime-directory.ts'
import { system } from '../system.ts'
import { type Command, configOption } from './command.ts'
import { configNotes } from './config-notes.ts'
import { allWarnings, fileWarnings } from './config-warnings.ts'
import { checkEnvironmentFolders } from './environment-folders.ts'
import { configFileOf, readConfig } from './read-config.ts'

export const command: Command = {
  usage: '--config FILE',
  options: configOption,
  maxPositionals: 1,
  async run(given, print) {
    const fileName = configFileOf(given, given.positionals[0])
    const config = readConfig(fileName, system.environment)
    checkEnvironmentFolders(fileName, config, system.environment)
    const runtime = runtimeFolderProblem(system.environment)
    if (runtime !== undefined) print(`warning: ${runtime}\n`)
    for (const { path, message } of fileWarnings(config, system.now())) print(`warning: ${path}: ${message}\n`)
    for (const warning of allWarnings(config)) print(`warning: ${warning}\n`)
    for (const note of configNotes(config)) print(`note: ${note}\n`)
    print(`${fileName} is valid\n`)
    return exitCode.done
  },
}
