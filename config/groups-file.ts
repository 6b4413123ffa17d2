import type { Report } from './diagnostic.ts'
import { isRecord } from './is-record.ts'
import type { Config } from './schema.ts'
import { sourceText } from './source-text.ts'
import { yamlContent } from './yaml-content.ts'

/** Groups of the file, each with its accounts. Throws in words where it holds something else. */
export function readGroupsFile(fileName: string): ReadonlyMap<string, readonly string[]> {
  const content = contentOf(fileName) ?? {}
  if (!isRecord(content)) throw new Error(`the file ${fileName} must be a mapping of groups to lists of accounts`)
  return new Map(
    Object.entries(content).map(([group, accounts]) => {
      if (!Array.isArray(accounts) || !accounts.every(account => typeof account === 'string' && account !== ''))
        throw new Error(`the file ${fileName} must have a list of accounts, as text, for ${group}`)
      return [group, accounts]
    }),
  )
}

function contentOf(fileName: string): unknown {
  const text = textIn(fileName)
  try {
    return yamlContent(text)
  } catch (error) {
    throw new Error(`the file ${fileName} is not valid YAML: ${(error as Error).message}`)
  }
}

function textIn(fileName: string): string {
  try {
    return sourceText(fileName)
  } catch (error) {
    throw new Error(`the file ${fileName} ${(error as Error).message}`)
  }
}

export function checkGroupsFile({ groups: { file } }: Config, report: Report): void {
  if (file === undefined) return
  try {
    readGroupsFile(file)
  } catch (error) {
    report('groups.file', (error as Error).message)
  }
}
