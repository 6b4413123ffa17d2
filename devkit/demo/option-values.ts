import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { argumentProblem, carelessOption } from '../../src/cli/option-tokens.ts'
import { UsageError } from './demo-error.ts'

/** What stands in `args` of these options; there are no others. Throws a UsageError that says which there are. */
export function optionValues<const Options extends ParseArgsOptionsConfig>(args: string[], options: Options) {
  try {
    const { values, tokens } = parseArgs({ args, options, tokens: true })
    const careless = carelessOption(tokens)
    if (careless === undefined) return values
    throw new Error(careless)
  } catch (error) {
    throw new UsageError(`${argumentProblem(error)}: ${optionsThereAre(options)}`)
  }
}

function optionsThereAre(options: ParseArgsOptionsConfig): string {
  const names = Object.entries(options).map(([name, { type }]) => (type === 'boolean' ? `--${name}` : `--${name} ...`))
  return names.length === 0 ? 'there are no options' : `there are ${names.join(', ')}`
}
