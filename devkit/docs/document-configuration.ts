/**
 * Documentation made from the schema: docs/configuration.md for people, docs/configuration.schema.json for editors. Run
 * as a program it writes both; a test holds them current.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TSchema } from 'typebox'
import { FILE_KEYWORD } from '../../config/option.ts'
import { configSchema } from '../../config/schema.ts'

/** What is read of a schema here: the keywords of JSON Schema 2020-12 that `option.ts` makes. */
interface Node {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
  readonly items?: Node
  readonly properties?: Readonly<Record<string, Node>>
  /** Of a mapping of names to sections. */
  readonly patternProperties?: Readonly<Record<string, Node>>
  readonly required?: readonly string[]
  readonly [FILE_KEYWORD]?: true
}

const root: Node = plain(configSchema)

/** The schema without the symbols and classes of the library that built it. */
function plain(schema: TSchema): Node {
  return JSON.parse(JSON.stringify(schema))
}

const isSection = (node: Node) => node.properties !== undefined

/** What the person who writes the file must give: neither optional nor filled in. */
const isRequired = (parent: Node, key: string) =>
  parent.required?.includes(key) === true && parent.properties?.[key]?.default === undefined

const PREFACE = `# Configuration

Generated from \`config/schema.ts\` by \`npm run docs\`; do not edit.

Torhaus reads one YAML file, named on the command line: \`npm start -- --config FILE\`. \`npm run config:check -- FILE\` reports all
problems at once, with line and path ([examples](wrong-configurations.md)). [\`config/example.yaml\`](../config/example.yaml) is a commented file to start from, and
[\`configuration.schema.json\`](configuration.schema.json) lets an editor complete and check the file while you type.

- Options that are not listed here are refused, so that a misspelt option never silently falls back to its default.
- The file contains no secrets. Options whose names end in \`File\` or \`Files\` name the files that hold them; file names are
  relative to the configuration file.
- Units are in the names: \`Ms\` for milliseconds, \`Seconds\` for seconds, \`Bytes\` for bytes.
- "required" means that there is no default. An option of an optional section is required only if the section is present.
- Environment variables override where to listen: \`HTTP_PLATFORM_PORT\`, or else \`PORT\`, for \`listener.port\`; \`ADMIN_PORT\` for
  \`admin.port\`. If \`session.store.sqlite.file\` is not set, the store is in \`STATE_DIRECTORY\`, which systemd sets.

`

export function configurationPage(): string {
  const own = Object.entries(root.properties ?? {}).filter(([, node]) => !isSection(node))
  const sections = Object.entries(root.properties ?? {}).filter(([, node]) => isSection(node))
  const contents = ['top level', ...sections.map(([key]) => key)].map(
    key => `[${key}](#${key.replace(' ', '-').toLowerCase()})`,
  )
  return [
    PREFACE,
    `Sections: ${contents.join(' · ')}\n`,
    '\n## Top level\n\n',
    table(own.map(([key, node]) => row(root, key, key, node))),
    ...sections.map(([key, node]) => sectionText(root, key, key, node, 2)),
  ].join('')
}

function sectionText(parent: Node, key: string, path: string, node: Node, depth: number): string {
  const options = Object.entries(node.properties ?? {})
  const rows = options.flatMap(([name, inner]) => (isSection(inner) ? [] : [row(node, name, `${path}.${name}`, inner)]))
  const inner = options.flatMap(([name, option]) => innerSection(node, name, `${path}.${name}`, option, depth + 1))
  const presence = isRequired(parent, key) ? ' Required.' : node.default === undefined ? ' Optional.' : ''
  return `\n${'#'.repeat(depth)} ${path}\n\n${node.description ?? ''}${presence}\n${
    rows.length === 0 ? '' : `\n${table(rows)}`
  }${inner.join('')}`
}

/** A section in a section, or the sections of a list, which are described like one. */
function innerSection(parent: Node, key: string, path: string, node: Node, depth: number): string[] {
  if (isSection(node)) return [sectionText(parent, key, path, node, depth)]
  if (node.items === undefined || !isSection(node.items)) return []
  return [
    sectionText({ properties: { [key]: { default: [] } } }, key, `${path}[]`, { default: {}, ...node.items }, depth),
  ]
}

const table = (rows: readonly string[]) =>
  `| Option | Type | Default | Meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`

function row(parent: Node, key: string, path: string, node: Node): string {
  const byDefault = node.default !== undefined ? code(node.default) : isRequired(parent, key) ? '**required**' : 'none'
  return `| \`${path}\` | ${typeOf(node)} | ${byDefault} | ${cell(node.description ?? '')} |`
}

function typeOf(node: Node): string {
  if (node[FILE_KEYWORD] === true) return 'file name'
  if (node.enum !== undefined) return node.enum.map(code).join(', ')
  if (node.items !== undefined) {
    const items = isSection(node.items) ? 'sections' : typeOf(node.items)
    return `list of ${items}${node.minItems === undefined ? '' : `, at least ${node.minItems}`}`
  }
  if (node.type === 'integer') return `whole number, ${node.minimum} to ${node.maximum}`
  if (node.type === 'boolean') return '`true`, `false`'
  if (node.patternProperties !== undefined && Object.values(node.patternProperties).every(isSection))
    return 'mapping of names to sections'
  if (node.type === 'object') return 'any mapping'
  return node.pattern === undefined ? 'text' : `text like ${code(node.pattern)}`
}

const code = (value: unknown) => `\`${cell(typeof value === 'string' ? value : JSON.stringify(value))}\``

/** In a table a bar would end the cell, in code as well (GitHub Flavored Markdown 4.10). */
const cell = (text: string) => text.replaceAll('|', '\\|')

/**
 * JSON Schema 2020-12. An option with a default need not be written, so it is not required here, though it is in the
 * configuration once loaded.
 */
export function configurationSchema(): string {
  const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Torhaus', ...forEditors(root) }
  return `${JSON.stringify(schema, null, 2)}\n`
}

function forEditors(node: Node): Node {
  const { [FILE_KEYWORD]: _, required, properties, patternProperties, items, ...rest } = node
  const needed = required?.filter(key => isRequired(node, key)) ?? []
  return {
    ...(node.enum === undefined ? {} : { type: 'string' }),
    ...rest,
    ...(needed.length === 0 ? {} : { required: needed }),
    ...(items === undefined ? {} : { items: forEditors(items) }),
    ...(properties === undefined ? {} : { properties: eachForEditors(properties) }),
    ...(patternProperties === undefined ? {} : { patternProperties: eachForEditors(patternProperties) }),
  }
}

const eachForEditors = (nodes: Readonly<Record<string, Node>>) =>
  Object.fromEntries(Object.entries(nodes).map(([key, inner]) => [key, forEditors(inner)]))

if (import.meta.main) {
  const docs = join(import.meta.dirname, '../../docs')
  writeFileSync(join(docs, 'configuration.md'), configurationPage())
  writeFileSync(join(docs, 'configuration.schema.json'), configurationSchema())
}
