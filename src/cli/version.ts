import { readFileSync } from 'node:fs'
import { exitCode } from '../exit-codes.ts'
import type { Command } from './command.ts'

export const command: Command = {
  usage: '',
  options: {},
  async run(_, print) {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    print(`Torhaus ${version}, Node ${process.versions.node}\n`)
    return exitCode.done
  },
}
