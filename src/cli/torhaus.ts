/**
 * `torhaus COMMAND`: finds the subcommand, reads its arguments, and ends the process with its exit code. Nothing else
 * prints.
 */
import { createInterface } from 'node:readline'
import { type ExitCode, exitCode } from '../exit-codes.ts'
import { jsonText } from '../json-text.ts'
import { failureInWords } from '../process/failure-in-words.ts'
import { type Command, CommandError, columns, helpOf, readArguments, usageError, usageOf } from './command.ts'
import { type CommandRow, commands } from './commands.ts'

/** Undefined: written. A pipe of Windows takes its time, a full disk takes nothing. */
const outcomes: Promise<NodeJS.ErrnoException | undefined>[] = []

function print(text: string): void {
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | undefined>()
  if (outcomes.push(promise) === 1) process.stdout.on('error', () => undefined)
  process.stdout.write(text, error => resolve(error ?? undefined))
}

const complain = (text: string) => void process.stderr.write(text)

function ask(text: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve, reject) => {
    terminal.on('close', () => reject(usageError('there was no answer')))
    terminal.question(text, answer => {
      resolve(answer.trim())
      terminal.close()
    })
  })
}

/** Runs what the arguments ask for, and ends the process. */
export async function runTorhaus(args: readonly string[]): Promise<never> {
  const code = await codeOf(args)
  process.exit((await isOutputLost()) && code === exitCode.done ? exitCode.failed : code)
}

/** Whoever reads it may have read enough (`| head -1`); a file without the end of it is none. */
async function isOutputLost(): Promise<boolean> {
  const error = (await Promise.all(outcomes)).find(one => one !== undefined && one.code !== 'EPIPE')
  if (error !== undefined) complain(`the output cannot be written: ${error.message}\n`)
  return error !== undefined
}

const HELP: readonly string[] = ['help', '--help', '-h']

async function codeOf(args: readonly string[]): Promise<ExitCode> {
  const [first, ...rest] = args
  if (first === undefined) {
    complain(overview())
    return exitCode.usage
  }
  try {
    if (first === '--version') return await runCommand(['version', ...rest])
    return HELP.includes(first) ? await help(rest) : await runCommand(args)
  } catch (error) {
    complain(`${messageOf(error)}\n`)
    return error instanceof CommandError ? error.code : exitCode.failed
  }
}

async function runCommand(args: readonly string[]): Promise<ExitCode> {
  if (args[1] === '--help' && kinOf(args).length > 0) return help(args.slice(0, 1))
  const row = rowOf(args)
  const { command } = await loaded(row, args)
  const { name, summary } = row
  try {
    const given = readArguments(command, args.slice(name.split(' ').length))
    if (!given.flags.has('help')) return await command.run(given, print, ask)
    print(helpOf(name, summary, command))
    return exitCode.done
  } catch (error) {
    // Whoever reads JSON gets it, whatever went wrong.
    if (asksForJson(args, command) && outcomes.length === 0) print(jsonText({ ok: false, error: messageOf(error) }))
    throw error instanceof CommandError && error.code === exitCode.usage ? withUsage(error, name, command) : error
  }
}

/** What cannot be loaded cannot say whether it knows `--json`. */
async function loaded(row: CommandRow, args: readonly string[]): Promise<Awaited<ReturnType<CommandRow['load']>>> {
  try {
    return await row.load()
  } catch (error) {
    if (args.includes('--json')) print(jsonText({ ok: false, error: messageOf(error) }))
    throw error
  }
}

const asksForJson = (args: readonly string[], { options }: Command) => 'json' in options && args.includes('--json')

const messageOf = (error: unknown) => (error instanceof CommandError ? error.message : failureInWords(error))

const withUsage = ({ message }: CommandError, name: string, command: Command) =>
  usageError(`${message}\n${usageOf(name, command)}\n\`torhaus ${name} --help\` says more`)

async function help(names: readonly string[]): Promise<ExitCode> {
  const [first] = names
  if (first === undefined || (HELP.includes(first) && names.length === 1)) print(overview())
  else if (names.length === 1 && kinOf(names).length > 0) print(columns(kinOf(names).map(nameAndSummary)))
  else {
    const row = rowOf(names)
    const [unexpected] = names.slice(row.name.split(' ').length)
    if (unexpected !== undefined) throw usageError(`Unexpected argument '${unexpected}': torhaus help ${row.name}`)
    print(helpOf(row.name, row.summary, (await row.load()).command))
  }
  return exitCode.done
}

function rowOf(args: readonly string[]): CommandRow {
  const row = commands.find(({ name }) => name.split(' ').every((word, position) => args[position] === word))
  if (row !== undefined) return row
  const kin = kinOf(args).map(({ name }) => `torhaus ${name}`)
  if (kin.length > 0) throw usageError(`torhaus ${args[0]} is incomplete; choose from: ${kin.join(', ')}`)
  if (args[0]?.startsWith('-') === true)
    throw usageError(`Unknown option '${args[0]}': options come after the command, and \`torhaus help\` lists commands`)
  throw usageError(`torhaus has no command '${args[0]}': \`torhaus help\` lists them`)
}

/** Those of two words that begin with the first of `args`. */
const kinOf = ([first]: readonly string[]) => commands.filter(({ name }) => name.startsWith(`${first} `))

const nameAndSummary = ({ name, summary }: CommandRow) => [name, summary] as const

function overview(): string {
  const rows = commands.map(nameAndSummary)
  const list = columns([...rows, ['help [COMMAND]', 'prints this list, or the usage of a command']])
  return `usage: torhaus COMMAND [OPTION ...]\n\n${list}\n\`torhaus COMMAND --help\` shows the options of a command.\n`
}
