import { exitCode } from '../exit-codes.ts'
import { torhausVersion } from '../torhaus-version.ts'
import type { Command } from './command.ts'

export const command: Command = {
  usage: '',
  options: {},
  async run(_, print) {
    print(`Torhaus ${torhausVersion}, Node ${process.versions.node}\n`)
    return exitCode.done
  },
}
