/** The tables of modules in docs/conformance.md. Run as a program it writes the page; a test holds it current. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Module, Plan, Variant } from '../conformance/module.ts'
import { leftOut, plans } from '../conformance/plans.ts'

const PAGE = join(import.meta.dirname, '../../docs/conformance.md')
const REGION = /(<!-- modules, made by `npm run docs` -->\n)[\s\S]*?(\n<!-- \/modules -->)/
const HEADER = ['| Module | The OP | Expected | Seen |', '|---|---|---|---|']

/** The page with the tables as they should be. */
export function withConformance(page: string): string {
  const count = plans.reduce((sum, { variants, modules }) => sum + variants.length * modules.length, 0)
  const names = new Set(plans.flatMap(({ modules }) => modules.map(({ name }) => name)))
  const total = `${count} plays of ${names.size} modules, all with seen equal to expected.`
  const region = [total, ...plans.map(sectionOf), leftOutSection()].join('\n\n')
  return page.replace(REGION, (_, begin: string, end: string) => `${begin}${region}${end}`)
}

const sectionOf = ({ name, variants, modules }: Plan) =>
  [`### ${name}, ${variants.map(nameOf).join('; ')}`, '', ...HEADER, ...modules.map(row)].join('\n')

const nameOf = ({ responseMode, clientAuthentication }: Variant) => `${responseMode} with ${clientAuthentication}`

const row = ({ name, op, expected, seen }: Module) =>
  `| \`${name}\` | ${op} | ${expected} | ${seen.replace(/\b[a-z]+(?:-[a-z]+)+\b/, code => `\`${code}\``)} |`

const leftOutSection = () =>
  [
    '### Modules not run',
    '',
    '| Module | Why |',
    '|---|---|',
    ...leftOut.map(
      ({ names, reason }) => `| ${names.map(name => `\`oidcc-client-test-${name}\``).join('<br>')} | ${reason} |`,
    ),
  ].join('\n')

if (import.meta.main) writeFileSync(PAGE, withConformance(readFileSync(PAGE, 'utf8')))
