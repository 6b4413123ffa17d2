/** The table of clients in docs/clients.md. Run as a program it writes the page; a test holds it current. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client, ClientCase } from '../compatibility/client.ts'
import { clients } from '../compatibility/clients.ts'

const PAGE = join(import.meta.dirname, '../../docs/clients.md')
const REGION = /(<!-- clients, made by `npm run docs` -->\n)[\s\S]*?(\n<!-- \/clients -->)/
const HEADER = ['| Client | With | | How | When refused, it shows |', '|---|---|---|---|---|']

/** The page with the table as it should be. */
export function withClients(page: string): string {
  const table = [...HEADER, ...clients.flatMap(rowsOf)].join('\n')
  return page.replace(REGION, (_, begin: string, end: string) => `${begin}${table}${end}`)
}

const rowsOf = (client: Client) => client.cases.map(tried => row(client, tried))

function row({ name, isInWords }: Client, { credential, how, works, prints }: ClientCase): string {
  const shown = works ? '' : prints.map(code).join('<br>')
  return `| ${name} | ${credential} | ${works ? 'works' : 'refused'} | ${how === '' || isInWords === true ? how : code(how)} | ${shown} |`
}

/** In a table a bar would end the cell (GitHub Flavored Markdown 4.10); a backtick ends code of one. */
const code = (line: string) => {
  const text = line.replaceAll('|', '\\|').replaceAll('\n', ' ')
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``
}

if (import.meta.main) writeFileSync(PAGE, withClients(readFileSync(PAGE, 'utf8')))
