/**
 * What a subcommand of `torhaus` is, how its arguments are read, and its help, which is made from the same description.
 */
import { parseArgs } from 'node:util'
import { type ExitCode, exitCode } from '../exit-codes.ts'
import { argumentProblem, carelessOption } from './option-tokens.ts'

interface CommandOption {
  /** What the help calls its value; an option without one is a flag. */
  readonly value?: string
  readonly description: string
  /** It may stand several times. */
  readonly repeats?: true
}

export interface Command {
  /** What stands behind the name of the command. */
  readonly usage: string
  readonly options: Readonly<Record<string, CommandOption>>
  /** Most arguments that are no options; none by default. */
  readonly maxPositionals?: number
  /** Resolves when the program may end. Throws `CommandError` for what the person at the terminal can mend. */
  run(given: GivenArguments, print: Print, ask: Ask): Promise<ExitCode>
}

export interface GivenArguments {
  readonly values: Readonly<Record<string, string | undefined>>
  /** Of options that may stand several times. */
  readonly repeated: Readonly<Record<string, readonly string[]>>
  readonly flags: ReadonlySet<string>
  readonly positionals: readonly string[]
}

/** Writes to standard output. */
type Print = (text: string) => void

/** Says something beside what is printed, and resolves with the line that comes back. Rejects where none comes. */
export type Ask = (text: string) => Promise<string>

/** Ends the program with `code`, and the message on standard error as it is. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code: ExitCode

  constructor(message: string, code: ExitCode) {
    super(message)
    this.code = code
  }
}

export const usageError = (message: string) => new CommandError(message, exitCode.usage)

/** The option that every command with a configuration takes. */
export const configOption = { config: { value: 'FILE', description: 'the configuration, in YAML' } } as const

const helpOption = { help: { description: 'prints this' } } as const

export function readArguments(command: Command, args: readonly string[]): GivenArguments {
  const options = Object.fromEntries(
    Object.entries<CommandOption>({ ...command.options, ...helpOption }).map(([name, { value, repeats = false }]) => [
      name,
      { type: value === undefined ? 'boolean' : 'string', multiple: repeats } as const,
    ]),
  )
  const { values, positionals } = parse(args, options)
  const [unexpected] = positionals.slice(command.maxPositionals ?? 0)
  const flags = new Set(Object.keys(values).filter(name => values[name] === true))
  if (unexpected !== undefined && !flags.has('help')) throw usageError(`Unexpected argument '${unexpected}'`)
  const texts = Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []))
  const lists = Object.entries(values).flatMap(([name, value]) =>
    Array.isArray(value) ? [[name, value.map(String)]] : [],
  )
  return { values: Object.fromEntries(texts), repeated: Object.fromEntries(lists), flags, positionals }
}

function parse(
  args: readonly string[],
  options: Record<string, { readonly type: 'boolean' | 'string'; readonly multiple: boolean }>,
) {
  try {
    const { tokens, ...parsed } = parseArgs({ args: [...args], options, allowPositionals: true, tokens: true })
    const careless = carelessOption(tokens, name => options[name]?.multiple === true)
    if (careless === undefined) return parsed
    throw new Error(careless)
  } catch (error) {
    throw usageError(argumentProblem(error))
  }
}

export const usageOf = (name: string, { usage }: Command) => `usage: torhaus ${name} ${usage}`.trimEnd()

export function helpOf(name: string, summary: string, command: Command): string {
  const rows = Object.entries<CommandOption>({ ...command.options, ...helpOption }).map(
    ([option, { value, description }]): [string, string] => [
      `--${option}${value === undefined ? '' : ` ${value}`}`,
      description,
    ],
  )
  return `torhaus ${name}: ${summary}\n\n${usageOf(name, command)}\n\n${columns(rows)}`
}

/** Rows of two columns. */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('')
}
