import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { UsageError } from './demo-error.ts'

/** What stands in `args` of these options; there are no others. Throws a UsageError that says which there are. */
export function optionValues<const Options extends ParseArgsOptionsConfig>(args: string[], options: Options) {
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    const names = Object.entries(options).map(([name, { type }]) =>
      type === 'boolean' ? `--${name}` : `--${name} ...`,
    )
    // What follows the first sentence is about arguments that are no options.
    const [sentence = ''] = (error as Error).message.split('. ')
    throw new UsageError(`${sentence}: there are ${names.join(', ')}`)
  }
}
