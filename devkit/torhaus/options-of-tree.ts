import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DemoError } from '../demo/demo-error.ts'

interface OptionSchema {
  readonly properties?: Readonly<Record<string, OptionSchema>>
  readonly items?: OptionSchema
}

/**
 * The configuration as a working tree knows it, for comparing with earlier commits: what is called `listener` now was
 * called `server` once, and options that the tree has no word for are left out.
 */
export function inOptionsOf(tree: string, config: object): object {
  const file = join(tree, 'docs/configuration.schema.json')
  if (!existsSync(file)) throw new DemoError(`${tree} is no working tree of Torhaus: there is no ${file}.`)
  const schema = JSON.parse(readFileSync(file, 'utf8')) as OptionSchema
  const { listener, ...rest } = config as { readonly listener?: unknown }
  const named =
    schema.properties !== undefined && 'server' in schema.properties ? { ...rest, server: listener } : config
  return known(named, schema) as object
}

function known(value: unknown, schema: OptionSchema): unknown {
  const { properties, items } = schema
  if (Array.isArray(value)) return items === undefined ? value : value.map(item => known(item, items))
  if (properties === undefined || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      const option = properties[name]
      return option === undefined ? [] : [[name, known(member, option)]]
    }),
  )
}
